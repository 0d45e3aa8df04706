/*
 * claims: JSON of a token, a key or a list of groups, read with care.
 *
 * Parsed by jansson: no member twice, no NUL in a string, bounded depth. Its size is bounded by the caller: jansson is not to be
 * trusted when the system has no memory for a small buffer.
 */
#ifndef SPECTATE_AUTH_CLAIMS_H
#define SPECTATE_AUTH_CLAIMS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/grants.h"
#include "base/span.h"

#define CLAIMS_DEPTH 32 /* of arrays and objects inside each other */

/* 0 with an object, which the caller releases with json_decref(); ERR_FORMAT, `error` says where; ERR_NO_MEMORY. */
int claims_parse(struct span text, json_t **root, json_error_t *error);

/* The following read one member: 0; ERR_FORMAT: it is of another type or out of range. Absent: `*out` is untouched. */

/* A string of `min` to `max` bytes, borrowed from the object. */
struct claims_bounds {
    size_t min;
    size_t max;
};
int claims_text(const json_t *object, const char *name, struct claims_bounds bounds,
                const char **out);

/* A NumericDate (RFC 7519 section 2): seconds, cut to whole ones and to +-2^53. */
int claims_time(const json_t *object, const char *name, int64_t *out);

/* An integer from 1; over the range of 32 bits it counts as the largest there. */
int claims_count(const json_t *object, const char *name, uint32_t *out);

/*
 * An array of at most `max` patterns, where an integer is an id too, made into grants, which are the caller's. 0; ERR_FORMAT: no
 * array, too many, or an entry that is no pattern; ERR_NO_MEMORY.
 */
int claims_grants(const json_t *array, size_t max, struct auth_groups *groups, struct grants **out);

#endif
