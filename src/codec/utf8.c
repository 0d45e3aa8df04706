#include "codec/utf8.h"

#include <string.h>

/*
 * The state says what the next byte must be: how many continuation bytes are due (bits 0-7), and the range of the next
 * (bits 8-15 lowest, 16-23 highest). The range is narrower than 80..BF only right behind E0, ED, F0 and F4: that shuts out
 * overlong forms, surrogates, and what is over U+10FFFF (RFC 3629 section 4).
 */
#define STATE(due, lowest, highest)                                                                \
    ((uint32_t)(due) | (uint32_t)(lowest) << 8 | (uint32_t)(highest) << 16)

#define NOT_ASCII 0x8080808080808080U

static uint64_t load(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static const uint8_t *skip_ascii(const uint8_t *at, const uint8_t *end)
{
    for (; end - at >= 32; at += 32)
        if (((load(at) | load(at + 8) | load(at + 16) | load(at + 24)) & NOT_ASCII) != 0)
            break;
    for (; end - at >= 8; at += 8)
        if ((load(at) & NOT_ASCII) != 0)
            break;
    while (at < end && *at < 0x80)
        at++;
    return at;
}

/* UTF8_START when no character begins with this byte. */
static uint32_t state_after_lead(uint8_t lead)
{
    if (lead < 0xc2 || lead > 0xf4)
        return UTF8_START;
    if (lead < 0xe0)
        return STATE(1, 0x80, 0xbf);
    if (lead < 0xf0)
        return STATE(2, lead == 0xe0 ? 0xa0 : 0x80, lead == 0xed ? 0x9f : 0xbf);
    return STATE(3, lead == 0xf0 ? 0x90 : 0x80, lead == 0xf4 ? 0x8f : 0xbf);
}

static bool take_continuation(uint32_t *state, uint8_t byte)
{
    uint32_t due = *state & 0xff;
    if (byte < (*state >> 8 & 0xff) || byte > *state >> 16)
        return false;
    *state = due == 1 ? UTF8_START : STATE(due - 1, 0x80, 0xbf);
    return true;
}

bool utf8_check(uint32_t *state, struct span bytes)
{
    if (bytes.len == 0)
        return true;
    const uint8_t *at = bytes.data;
    const uint8_t *end = at + bytes.len;
    while (at < end) {
        if (*state != UTF8_START) {
            if (!take_continuation(state, *at++))
                return false;
            continue;
        }
        at = skip_ascii(at, end);
        if (at == end)
            break;
        *state = state_after_lead(*at++);
        if (*state == UTF8_START)
            return false;
    }
    return true;
}

bool utf8_is_valid(struct span text)
{
    uint32_t state = UTF8_START;
    return utf8_check(&state, text) && state == UTF8_START;
}
