/*
 * A state machine whose tables say what RFC 3629 section 4 says: the second byte has a narrower range than 80..BF only behind
 * E0, ED, F0 and F4, which shuts out overlong forms, surrogates, and what is over U+10FFFF.
 *
 * A state is the place of its 6 bits in each row of the table, and these 6 bits are the next state: so a step is a shift, and the
 * rows of the bytes to come can be looked up before the state is known (Per Vognsen, "Shift-based DFAs"). Nothing branches on
 * what a byte is, which in text of mixed languages can't be foretold; only runs of ASCII are looked for.
 */
#include "codec/utf8.h"

#include <string.h>

#define NOT_ASCII 0x8080808080808080U
#define STATE_BITS 6

/* What must come next. */
enum state {
    START = UTF8_START, /* a character */
    ONE = 1 * STATE_BITS,
    TWO = 2 * STATE_BITS,
    THREE = 3 * STATE_BITS, /* so many bytes of 80..BF, as ONE and TWO */
    IN_E0 = 4 * STATE_BITS, /* A0..BF, and ONE */
    IN_ED = 5 * STATE_BITS, /* 80..9F, and ONE */
    IN_F0 = 6 * STATE_BITS, /* 90..BF, and TWO */
    IN_F4 = 7 * STATE_BITS, /* 80..8F, and TWO */
    BAD = 8 * STATE_BITS,   /* nothing can mend it */
};

/* clang-format off */

/* What a byte is; LOW, MIDDLE and HIGH are 80, 90, and A0 and above. */
enum kind {
    ASCII, LOW, MIDDLE, HIGH, LEAD_2, LEAD_E0, LEAD_3, LEAD_ED, LEAD_F0, LEAD_4, LEAD_F4, NEVER
};

#define X4(kind) kind, kind, kind, kind
#define X16(kind) X4(kind), X4(kind), X4(kind), X4(kind)
#define X64(kind) X16(kind), X16(kind), X16(kind), X16(kind)

static const uint8_t kinds[256] = {
    /* 00 */ X64(ASCII), X64(ASCII),
    /* 80 */ X16(LOW), X16(MIDDLE), X16(HIGH), X16(HIGH),
    /* C0 */ NEVER, NEVER, LEAD_2, LEAD_2, X4(LEAD_2), X4(LEAD_2), X4(LEAD_2), X16(LEAD_2),
    /* E0 */ LEAD_E0, X4(LEAD_3), X4(LEAD_3), X4(LEAD_3), LEAD_ED, LEAD_3, LEAD_3,
    /* F0 */ LEAD_F0, LEAD_4, LEAD_4, LEAD_4, LEAD_F4, NEVER, NEVER, NEVER, X4(NEVER), X4(NEVER),
};

#define TO(next, state) ((uint64_t)(next) << (state))
#define ROW(start, one, two, three, e0, ed, f0, f4) \
    (TO(start, START) | TO(one, ONE) | TO(two, TWO) | TO(three, THREE) | TO(e0, IN_E0) | \
     TO(ed, IN_ED) | TO(f0, IN_F0) | TO(f4, IN_F4) | TO(BAD, BAD))

static const uint64_t rows[] = {
    /* in:          START    ONE    TWO  THREE  IN_E0  IN_ED  IN_F0  IN_F4 */
    [ASCII] = ROW(  START,   BAD,   BAD,   BAD,   BAD,   BAD,   BAD,   BAD),
    [LOW] = ROW(      BAD, START,   ONE,   TWO,   BAD,   ONE,   BAD,   TWO),
    [MIDDLE] = ROW(   BAD, START,   ONE,   TWO,   BAD,   ONE,   TWO,   BAD),
    [HIGH] = ROW(     BAD, START,   ONE,   TWO,   ONE,   BAD,   TWO,   BAD),
    [LEAD_2] = ROW(   ONE,   BAD,   BAD,   BAD,   BAD,   BAD,   BAD,   BAD),
    [LEAD_E0] = ROW(IN_E0,   BAD,   BAD,   BAD,   BAD,   BAD,   BAD,   BAD),
    [LEAD_3] = ROW(   TWO,   BAD,   BAD,   BAD,   BAD,   BAD,   BAD,   BAD),
    [LEAD_ED] = ROW(IN_ED,   BAD,   BAD,   BAD,   BAD,   BAD,   BAD,   BAD),
    [LEAD_F0] = ROW(IN_F0,   BAD,   BAD,   BAD,   BAD,   BAD,   BAD,   BAD),
    [LEAD_4] = ROW( THREE,   BAD,   BAD,   BAD,   BAD,   BAD,   BAD,   BAD),
    [LEAD_F4] = ROW(IN_F4,   BAD,   BAD,   BAD,   BAD,   BAD,   BAD,   BAD),
    [NEVER] = ROW(    BAD,   BAD,   BAD,   BAD,   BAD,   BAD,   BAD,   BAD),
};

/* clang-format on */

static uint64_t load(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static bool is_ascii(const uint8_t *at)
{
    return (load(at) & NOT_ASCII) == 0;
}

/* By whole words. */
static const uint8_t *skip_ascii(const uint8_t *at, const uint8_t *end)
{
    for (; end - at >= 32; at += 32)
        if (((load(at) | load(at + 8) | load(at + 16) | load(at + 24)) & NOT_ASCII) != 0)
            break;
    while (end - at >= 8 && is_ascii(at))
        at += 8;
    return at;
}

static uint32_t step_over(uint32_t state, const uint8_t *at, const uint8_t *end)
{
    while (at < end)
        state = rows[kinds[*at++]] >> state & ((1U << STATE_BITS) - 1);
    return state;
}

bool utf8_check(uint32_t *state, struct span bytes)
{
    if (bytes.len == 0)
        return true;
    const uint8_t *at = bytes.data;
    const uint8_t *end = at + bytes.len;
    uint32_t now = *state;
    while (end - at >= 8 && now != BAD) {
        if (now == START && is_ascii(at)) {
            at = skip_ascii(at + 8, end);
        } else {
            now = step_over(now, at, at + 8);
            at += 8;
        }
    }
    if (now == START && bytes.len >= 8 && is_ascii(end - 8))
        at = end;
    *state = step_over(now, at, end);
    return *state != BAD;
}

bool utf8_is_valid(struct span text)
{
    uint32_t state = UTF8_START;
    return utf8_check(&state, text) && state == UTF8_START;
}
