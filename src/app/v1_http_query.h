/*
 * v1_http_query: the parameters of requests under /v1. What is wrong with one is answered with bad_parameter.
 */
#ifndef SPECTATE_APP_V1_HTTP_QUERY_H
#define SPECTATE_APP_V1_HTTP_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/span.h"
#include "proto/position.h"

/*
 * Each reads the parameter of this name; one that is not there leaves what the caller put in. 0; ERR_INVALID, and `fault` says
 * what is expected.
 */
int v1_query_number(struct span query, const char *name, uint64_t max, uint64_t *number,
                    struct fault *fault);

/* "limit", from 1 to `max`. */
int v1_query_limit(struct span query, uint64_t max, uint64_t *limit, struct fault *fault);

/* Milliseconds since 1970, or RFC 3339. */
int v1_query_time(struct span query, const char *name, int64_t *time_ms, struct fault *fault);

/* UTF-8 of 1 to RUNNER_ID_BYTES bytes. */
int v1_query_id(struct span query, const char *name, struct runner_id *id, struct fault *fault);

/* A list with commas, of at most `max`; of those that are %2C one is part of an id. Appends struct runner_id. `*is_there`. ERR_NO_MEMORY too. */
int v1_query_ids(struct span query, const char *name, size_t max, struct buf *ids, bool *is_there,
                 struct fault *fault);

/* Append the query without its token and without what `name` says, and name=value behind it: "a=b&after=7". `value` is escaped. 0 or ERR_NO_MEMORY. */
int v1_query_replace(struct span query, const char *name, struct span value, struct buf *out);

#endif
