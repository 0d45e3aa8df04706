#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"

#define SMALLEST_BYTES 64

void buf_fini(struct buf *buf)
{
    mem_free(buf->data);
    *buf = (struct buf){0};
}

int buf_reserve(struct buf *buf, size_t more)
{
    if (more <= buf->cap - buf->len)
        return 0;
    if (more > SIZE_MAX / 4 || buf->len > SIZE_MAX / 4)
        return ERR_NO_MEMORY;
    size_t needed = buf->len + more;
    size_t cap = buf->cap < SMALLEST_BYTES ? SMALLEST_BYTES : buf->cap;
    while (cap < needed)
        cap += cap / 2;
    uint8_t *data = mem_try_resize(buf->data, cap);
    if (data == NULL)
        return ERR_NO_MEMORY;
    buf->data = data;
    buf->cap = cap;
    return 0;
}

int buf_append(struct buf *buf, struct span bytes)
{
    if (bytes.len == 0)
        return 0;
    int err = buf_reserve(buf, bytes.len);
    if (err < 0)
        return err;
    memcpy(buf->data + buf->len, bytes.data, bytes.len);
    buf->len += bytes.len;
    return 0;
}

int buf_append_text(struct buf *buf, const char *text)
{
    return buf_append(buf, span_of_text(text));
}

int buf_printf(struct buf *buf, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    CHECK(len >= 0);
    int err = buf_reserve(buf, (size_t)len + 1);
    if (err < 0)
        return err;
    va_start(arguments, format);
    vsnprintf((char *)buf->data + buf->len, (size_t)len + 1, format, arguments);
    va_end(arguments);
    buf->len += (size_t)len;
    return 0;
}

void buf_consume(struct buf *buf, size_t bytes)
{
    CHECK(bytes <= buf->len);
    if (bytes == 0)
        return;
    buf->len -= bytes;
    memmove(buf->data, buf->data + bytes, buf->len);
}

struct span buf_span(const struct buf *buf)
{
    return span_of(buf->data, buf->len);
}
