/*
 * utf8: incremental check of UTF-8 (RFC 3629: no surrogates, no overlong forms, nothing over U+10FFFF).
 */
#ifndef SPECTATE_CODEC_UTF8_H
#define SPECTATE_CODEC_UTF8_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

#define UTF8_START 0U

/*
 * Go on from `*state` (UTF8_START at first) over the bytes; runs of ASCII are taken 8 bytes or more at a time. False as soon
 * as no continuation can make the text valid. At the text's end it is whole when `*state` is UTF8_START again.
 */
bool utf8_check(uint32_t *state, struct span bytes);

/* The whole text at once. */
bool utf8_is_valid(struct span text);

#endif
