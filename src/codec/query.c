#include "codec/query.h"

#include <string.h>

struct span query_of_target(struct span target)
{
    const uint8_t *hash = target.len == 0 ? NULL : memchr(target.data, '#', target.len);
    if (hash != NULL)
        target.len = (size_t)(hash - target.data);
    const uint8_t *mark = target.len == 0 ? NULL : memchr(target.data, '?', target.len);
    if (mark == NULL)
        return span_of(NULL, 0);
    return span_of(mark + 1, target.len - (size_t)(mark + 1 - target.data));
}

bool query_next(struct span *rest, struct query_field *field)
{
    if (rest->len == 0)
        return false;
    const uint8_t *end = memchr(rest->data, '&', rest->len);
    size_t len = end == NULL ? rest->len : (size_t)(end - rest->data);
    const uint8_t *equals = memchr(rest->data, '=', len);
    size_t name_len = equals == NULL ? len : (size_t)(equals - rest->data);
    field->name = span_of(rest->data, name_len);
    field->value = equals == NULL ? span_of(NULL, 0) : span_of(equals + 1, len - name_len - 1);
    size_t taken = end == NULL ? len : len + 1;
    *rest = span_of(rest->data + taken, rest->len - taken);
    return true;
}

struct span query_find(struct span query, const char *name)
{
    struct query_field field;
    while (query_next(&query, &field))
        if (span_equals(field.name, span_of_text(name)))
            return field.value;
    return span_of(NULL, 0);
}

/* -1: it is none. */
static int digit_of(uint8_t byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

/* The byte that `text`, which is not empty, begins with; `*used` is how long it is written. */
static uint8_t decode_one(struct span text, size_t *used)
{
    *used = 1;
    if (text.data[0] != '%' || text.len < 3)
        return text.data[0];
    int high = digit_of(text.data[1]);
    int low = digit_of(text.data[2]);
    if (high < 0 || low < 0)
        return text.data[0];
    *used = 3;
    return (uint8_t)(high << 4 | low);
}

size_t percent_decode(struct span text, uint8_t *out)
{
    size_t written = 0;
    size_t used;
    for (size_t at = 0; at < text.len; at += used)
        out[written++] = decode_one(span_of(text.data + at, text.len - at), &used);
    return written;
}

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + ('a' - 'A')) : byte;
}

bool percent_decoded_is(struct span text, const char *word)
{
    size_t used;
    for (size_t at = 0; at < text.len; at += used, word++) {
        uint8_t byte = decode_one(span_of(text.data + at, text.len - at), &used);
        if (*word == '\0' || lower(byte) != lower((uint8_t)*word))
            return false;
    }
    return *word == '\0';
}
