/*
 * id_json: ids of runners as JSON values.
 */
#ifndef SPECTATE_PROTO_ID_JSON_H
#define SPECTATE_PROTO_ID_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "proto/json_text.h"
#include "proto/position.h"

#define ID_JSON_BYTES JSON_TEXT_STRING_BYTES(RUNNER_ID_BYTES)

/* Write it, at most ID_JSON_BYTES; returns the end. As a number only what runner_id_is_integer(). */
char *id_json_write(char *to, const struct runner_id *id, bool as_number);

/* Append 7,"ann",8: numbers where they can be. 0 or ERR_NO_MEMORY, with some of them appended. */
int id_json_append_list(const struct runner_id *ids, size_t count, struct buf *out);

#endif
