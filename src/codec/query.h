/*
 * query: the parameters behind the ? of a request target, "a=1&b=%202" (the form of application/x-www-form-urlencoded, but
 * for the plus sign, which stands for itself).
 */
#ifndef SPECTATE_CODEC_QUERY_H
#define SPECTATE_CODEC_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

/* What is behind the first ? of a target, up to its # if there is one. */
struct span query_of_target(struct span target);

struct query_field {
    struct span name;  /* both as they were sent */
    struct span value; /* NULL data: there is no = */
};

/* Take the first field off `rest`. False at the end. */
bool query_next(struct span *rest, struct query_field *field);

/* The value of the first field of this name, as it was sent. NULL data: there is none, or it has no =. */
struct span query_find(struct span query, const char *name);

/* Write `text` with its %XX as the bytes that they stand for; returns how many. Others of % stay. `out` has room for text.len. */
size_t percent_decode(struct span text, uint8_t *out);

/* Is `text`, decoded, this word? ASCII letters of either case. */
bool percent_decoded_is(struct span text, const char *word);

#endif
