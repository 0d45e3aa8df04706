/*
 * cursor: up to where a client has got what it follows, as a word that it keeps and brings back.
 *
 * Every shard numbers the positions that it accepts, from 1 without a gap, and passes them on in that order. So one number for each
 * shard, `applied`, says exactly what somebody served by any shard has got: all up to it. With the store's identity and its boot
 * (how often the server was started on it) a cursor also holds over a restart, and is known to be of another server.
 *
 * To clients it is opaque: base64url of a form byte, the identity, and the numbers in LEB128. Nothing in it is secret, and
 * nothing is granted by it.
 */
#ifndef SPECTATE_PROTO_CURSOR_H
#define SPECTATE_PROTO_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define CURSOR_ORIGINS_MAX 64
#define CURSOR_IDENTITY_BYTES 8
#define CURSOR_TEXT_BYTES 888 /* the longest, without NUL */

struct cursor {
    uint8_t identity[CURSOR_IDENTITY_BYTES];
    uint32_t boot;
    uint32_t origins; /* how many of `applied` count; the others are 0 */
    uint64_t applied[CURSOR_ORIGINS_MAX];
};

/* Write it; returns the length, at most CURSOR_TEXT_BYTES. */
size_t cursor_write(const struct cursor *cursor, char *text);

/* 0, or ERR_FORMAT: not written by cursor_write(). */
int cursor_read(struct span text, struct cursor *cursor);

/* The position with this number lies behind the cursor: who holds it has not got it. Of the same store. */
bool cursor_is_before(const struct cursor *cursor, uint32_t boot, uint32_t origin,
                      uint64_t sequence);

#endif
