#include "proto/cursor.h"

#include <string.h>

#include "base/base64url.h"
#include "base/check.h"
#include "base/err.h"

#define FORM 1
#define NUMBER_BYTES 10 /* of 64 bits in LEB128 */
#define BINARY_BYTES (1 + CURSOR_IDENTITY_BYTES + (size_t)NUMBER_BYTES * (2 + CURSOR_ORIGINS_MAX))

_Static_assert(BASE64URL_ENCODED_BYTES(1 + CURSOR_IDENTITY_BYTES + 5 + 1 +
                                       NUMBER_BYTES * CURSOR_ORIGINS_MAX) <= CURSOR_TEXT_BYTES,
               "the longest cursor fits");

static uint8_t *write_number(uint8_t *to, uint64_t number)
{
    while (number >= 0x80) {
        *to++ = (uint8_t)(number | 0x80);
        number >>= 7;
    }
    *to++ = (uint8_t)number;
    return to;
}

/* The shortest form only, so that a cursor has one text. */
static int read_number(const uint8_t **at, const uint8_t *end, uint64_t *number)
{
    *number = 0;
    for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
        uint8_t byte = *(*at)++;
        uint64_t bits = byte & 0x7f;
        if (shift == 63 && bits > 1)
            return ERR_FORMAT;
        *number |= bits << shift;
        if ((byte & 0x80) == 0)
            return byte == 0 && shift > 0 ? ERR_FORMAT : 0;
    }
    return ERR_FORMAT;
}

size_t cursor_write(const struct cursor *cursor, char *text)
{
    uint8_t binary[BINARY_BYTES];
    uint8_t *end = binary;
    CHECK(cursor->origins <= CURSOR_ORIGINS_MAX);
    *end++ = FORM;
    memcpy(end, cursor->identity, CURSOR_IDENTITY_BYTES);
    end = write_number(end + CURSOR_IDENTITY_BYTES, cursor->boot);
    end = write_number(end, cursor->origins);
    for (uint32_t i = 0; i < cursor->origins; i++)
        end = write_number(end, cursor->applied[i]);
    return base64url_encode(span_of(binary, (size_t)(end - binary)), text);
}

static int read_numbers(const uint8_t *at, const uint8_t *end, struct cursor *cursor)
{
    uint64_t boot = 0;
    uint64_t origins = 0;
    int err = read_number(&at, end, &boot);
    if (err == 0)
        err = read_number(&at, end, &origins);
    if (err < 0 || boot > UINT32_MAX || origins > CURSOR_ORIGINS_MAX)
        return ERR_FORMAT;
    cursor->boot = (uint32_t)boot;
    cursor->origins = (uint32_t)origins;
    for (uint32_t i = 0; i < cursor->origins && err == 0; i++)
        err = read_number(&at, end, &cursor->applied[i]);
    return err == 0 && at == end ? 0 : ERR_FORMAT;
}

int cursor_read(struct span text, struct cursor *cursor)
{
    uint8_t binary[BASE64URL_DECODED_BYTES(CURSOR_TEXT_BYTES)];
    size_t len = 0;
    if (text.len > CURSOR_TEXT_BYTES || base64url_decode(text, binary, &len) < 0)
        return ERR_FORMAT;
    if (len < 1 + CURSOR_IDENTITY_BYTES || binary[0] != FORM)
        return ERR_FORMAT;
    *cursor = (struct cursor){0};
    memcpy(cursor->identity, binary + 1, CURSOR_IDENTITY_BYTES);
    return read_numbers(binary + 1 + CURSOR_IDENTITY_BYTES, binary + len, cursor);
}

bool cursor_is_before(const struct cursor *cursor, uint32_t boot, uint32_t origin,
                      uint64_t sequence)
{
    if (boot != cursor->boot)
        return boot > cursor->boot;
    return origin >= cursor->origins || sequence > cursor->applied[origin];
}
