/*
 * problem: what went wrong with a request, as RFC 9457 has it.
 *
 *   {"type":"/v1/problems/bad_position","title":"a position is not on the globe, ..","status":400,
 *    "detail":"positions[1].speed: expected metres a second from 0 to 1000","code":"bad_position","index":1}
 */
#ifndef SPECTATE_PROTO_PROBLEM_H
#define SPECTATE_PROTO_PROBLEM_H

#include <stddef.h>

#include "base/buf.h"
#include "base/fault.h"
#include "proto/position.h"

#define PROBLEM_TYPE "application/problem+json"
#define PROBLEM_PATH "/v1/problems/" /* and the code: there stands what it means */
#define PROBLEM_NO_INDEX ((size_t)-1)

struct problem {
    int status;
    const struct fault *fault;
    const struct runner_id *ids; /* that it is about */
    size_t id_count;             /* 0: not said */
    size_t index;                /* of the first bad position; PROBLEM_NO_INDEX: not said */
};

/* Append it. 0, or ERR_NO_MEMORY with `out` as it was. */
int problem_encode(const struct problem *problem, struct buf *out);

/* The status that answers this fault. */
int problem_status(enum fault_code code);

#endif
