/*
 * json_scan: what can be told of JSON text before it is parsed.
 */
#ifndef SPECTATE_BASE_JSON_SCAN_H
#define SPECTATE_BASE_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

/* The index behind the string whose opening quote is at `at`, or the text's end. */
size_t json_skip_string(struct span text, size_t at);

/* Arrays and objects inside each other go deeper than `depth`: a parser that recurses would take so much stack. Any bytes. */
bool json_is_deeper_than(struct span text, size_t depth);

#endif
