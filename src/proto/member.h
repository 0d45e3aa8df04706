/*
 * member: what the dialects have in common: members of JSON objects that peers send, read one by one. Each gives 0, or ERR_FORMAT
 * with a fault that begins with the member's name, or with `where` it stands.
 */
#ifndef SPECTATE_PROTO_MEMBER_H
#define SPECTATE_PROTO_MEMBER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "proto/position.h"

#define MEMBER_WHERE_BYTES 64 /* "positions[18446744073709551615].accuracy" */

/* `kind`: what needs it, "a position". `*value` is borrowed from `root`. */
int member_need(const json_t *root, const char *name, const char *kind, const json_t **value,
                struct fault *fault);

/* Absent or null is false. */
int member_read_flag(const json_t *root, const char *name, bool *flag, struct fault *fault);

int member_read_id(const json_t *value, const char *where, struct runner_id *id,
                   struct fault *fault);

/*
 * "every", milliseconds. Rounded up to a multiple of PACE_STEP_MS, so that never more comes than was asked for, and few different
 * paces have to be kept apart.
 */
#define PACE_STEP_MS 100
#define PACE_MAX_MS 60000
int member_read_pace(const json_t *root, bool *is_there, uint32_t *pace_ms, struct fault *fault);

#endif
