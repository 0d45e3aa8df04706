/*
 * buf: a byte buffer that grows. Plain data, embedded, all zero when empty; holds no memory until something is in it.
 */
#ifndef SPECTATE_BASE_BUF_H
#define SPECTATE_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct buf {
    uint8_t *data; /* owned */
    size_t len;
    size_t cap;
};

/* Release the memory; the buffer is empty and usable again. */
void buf_fini(struct buf *buf);

/* Make room for `more` bytes behind the contents. 0 or ERR_NO_MEMORY (contents untouched). */
int buf_reserve(struct buf *buf, size_t more);

/* Append a copy of `bytes`. 0 or ERR_NO_MEMORY (contents untouched). */
int buf_append(struct buf *buf, struct span bytes);
int buf_append_text(struct buf *buf, const char *text);

/* Append formatted text, without a NUL. 0 or ERR_NO_MEMORY. */
__attribute__((format(printf, 2, 3))) int buf_printf(struct buf *buf, const char *format, ...);

/* Drop the first `bytes` (at most len). */
void buf_consume(struct buf *buf, size_t bytes);

/* The contents, borrowed until the buffer changes. */
struct span buf_span(const struct buf *buf);

#endif
