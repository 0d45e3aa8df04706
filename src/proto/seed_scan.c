#include "proto/seed_scan.h"

#include <string.h>

#include "proto/fixed.h"

/* What has not been read yet. Every take_...() moves on behind what it took, or is false and leaves the place undefined. */
struct rest {
    const uint8_t *at;
    const uint8_t *end;
};

/* Each member is to come once. */
enum member { MEMBER_USER_ID = 1, MEMBER_LAT = 2, MEMBER_LNG = 4, MEMBER_ALL = 7 };

struct number {
    bool is_negative;
    uint64_t units;
    size_t decimals; /* 0: it has no point */
};

/* NUL at the end, which nothing here takes. */
static uint8_t peek(const struct rest *rest)
{
    return rest->at < rest->end ? *rest->at : '\0';
}

static bool take_byte(struct rest *rest, uint8_t byte)
{
    if (peek(rest) != byte)
        return false;
    rest->at++;
    return true;
}

/* RFC 8259 section 2 */
static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static void skip_space(struct rest *rest)
{
    while (is_space(peek(rest)))
        rest->at++;
}

static bool take_mark(struct rest *rest, uint8_t mark)
{
    skip_space(rest);
    return take_byte(rest, mark);
}

/* --- values --------------------------------------------------------------------------------------------------------- */

static uint8_t digit_of(uint8_t byte)
{
    return (uint8_t)(byte - '0'); /* over 9: it is none */
}

/* Returns how many there were; of more than FIXED_MAX_DIGITS in all, `units` is no longer the value. */
static size_t take_digits(struct rest *rest, uint64_t *units)
{
    const uint8_t *at = rest->at;
    uint64_t value = *units;
    for (; at < rest->end && digit_of(*at) <= 9; at++)
        value = value * 10 + digit_of(*at);
    size_t count = (size_t)(at - rest->at);
    *units = value;
    rest->at = at;
    return count;
}

/* RFC 8259 section 6, but for an exponent: that is left for the caller to stumble over. */
static bool take_number(struct rest *rest, struct number *number)
{
    *number = (struct number){.is_negative = take_byte(rest, '-')};
    bool begins_with_zero = peek(rest) == '0';
    size_t whole = take_digits(rest, &number->units);
    if (whole == 0 || (whole > 1 && begins_with_zero))
        return false;
    if (take_byte(rest, '.')) {
        number->decimals = take_digits(rest, &number->units);
        if (number->decimals == 0)
            return false;
    }
    return whole + number->decimals <= FIXED_MAX_DIGITS;
}

/* INT64_MIN is not usual. */
static bool integer_of(const struct number *number, int64_t *value)
{
    if (number->decimals > 0 || number->units > INT64_MAX)
        return false;
    *value = number->is_negative ? -(int64_t)number->units : (int64_t)number->units;
    return true;
}

static bool real_of(const struct number *number, double *value)
{
    double magnitude;
    if (!fixed_to_double(number->units, (unsigned)number->decimals, &magnitude))
        return false;
    *value = number->is_negative ? -magnitude : magnitude;
    return true;
}

static bool take_coordinate(struct rest *rest, struct coordinate *coordinate)
{
    struct number number;
    if (!take_number(rest, &number))
        return false;
    coordinate->is_integer = number.decimals == 0;
    return coordinate->is_integer ? integer_of(&number, &coordinate->integer)
                                  : real_of(&number, &coordinate->real);
}

static bool set_id(struct runner_id *id, const uint8_t *start, const uint8_t *end)
{
    size_t len = (size_t)(end - start);
    if (len == 0 || len > RUNNER_ID_BYTES)
        return false;
    memcpy(id->text, start, len);
    id->len = (uint8_t)len;
    return true;
}

/* Behind the opening quote. */
static bool take_string_id(struct rest *rest, struct runner_id *id)
{
    const uint8_t *at = rest->at;
    while (at < rest->end && *at >= ' ' && *at <= '~' && *at != '"' && *at != '\\')
        at++;
    bool is_set = set_id(id, rest->at, at);
    rest->at = at;
    return is_set && take_byte(rest, '"');
}

/* An integer is its own shortest text, and so the id's, unless it is "-0". */
static bool take_number_id(struct rest *rest, struct runner_id *id)
{
    const uint8_t *start = rest->at;
    struct number number;
    int64_t value;
    if (!take_number(rest, &number) || !integer_of(&number, &value))
        return false;
    bool is_minus_zero = number.is_negative && value == 0;
    return !is_minus_zero && set_id(id, start, rest->at);
}

static bool take_id(struct rest *rest, struct position *position)
{
    position->runner_is_number = !take_byte(rest, '"');
    return position->runner_is_number ? take_number_id(rest, &position->runner)
                                      : take_string_id(rest, &position->runner);
}

/* --- members -------------------------------------------------------------------------------------------------------- */

static bool take_name(struct rest *rest, const char *quoted)
{
    size_t len = strlen(quoted);
    if ((size_t)(rest->end - rest->at) < len || memcmp(rest->at, quoted, len) != 0)
        return false;
    rest->at += len;
    return true;
}

/* 0: no member of ours. */
static unsigned take_any_name(struct rest *rest)
{
    if (take_name(rest, "\"lat\""))
        return MEMBER_LAT;
    if (take_name(rest, "\"lng\""))
        return MEMBER_LNG;
    return take_name(rest, "\"userId\"") ? MEMBER_USER_ID : 0;
}

static bool take_value(struct rest *rest, unsigned member, struct position *position)
{
    if (member == MEMBER_USER_ID)
        return take_id(rest, position);
    return take_coordinate(rest, member == MEMBER_LAT ? &position->lat : &position->lng);
}

static bool take_member(struct rest *rest, struct position *position, unsigned *seen)
{
    skip_space(rest);
    unsigned member = take_any_name(rest);
    if (member == 0 || (*seen & member) != 0 || !take_mark(rest, ':'))
        return false;
    *seen |= member;
    skip_space(rest);
    return take_value(rest, member, position);
}

bool seed_scan_position(struct span text, struct position *position)
{
    if (text.len == 0)
        return false;
    struct rest rest = {text.data, text.data + text.len};
    unsigned seen = 0;
    *position = (struct position){0};
    for (uint8_t mark = '{'; seen != MEMBER_ALL; mark = ',')
        if (!take_mark(&rest, mark) || !take_member(&rest, position, &seen))
            return false;
    if (!take_mark(&rest, '}'))
        return false;
    skip_space(&rest);
    return rest.at == rest.end;
}
