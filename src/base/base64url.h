/*
 * base64url: RFC 4648 section 5 without padding, as JWS and JWK have it (RFC 7515 section 2).
 *
 * Strict, so that bytes have one text only: no padding, no white space, and the bits left over at the end are zero.
 */
#ifndef SPECTATE_BASE_BASE64URL_H
#define SPECTATE_BASE_BASE64URL_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

/* Enough room for what `len` characters decode to, and for what `len` bytes encode to. */
#define BASE64URL_DECODED_BYTES(len) ((len) / 4 * 3 + 2)
#define BASE64URL_ENCODED_BYTES(len) (((len) + 2) / 3 * 4)

/* 0 and `*len`, or ERR_FORMAT. */
int base64url_decode(struct span text, uint8_t *bytes, size_t *len);

/* How many characters were written, no NUL. */
size_t base64url_encode(struct span bytes, char *text);

#endif
