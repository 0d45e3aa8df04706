#include "bench/load/stamp.h"

#include <inttypes.h>
#include <stdio.h>

#define DEGREE 10000000u
#define DECIMALS 7

uint32_t stamp_clock(uint64_t now_us)
{
    return (uint32_t)(now_us % STAMP_CLOCK_US);
}

uint32_t stamp_age_us(uint32_t sent_us, uint64_t now_us)
{
    return (stamp_clock(now_us) + STAMP_CLOCK_US - sent_us) % STAMP_CLOCK_US;
}

struct span stamp_write(struct stamp stamp, char text[STAMP_TEXT_BYTES])
{
    uint32_t lat = DEGREE + stamp.sent_us;
    uint32_t lng = DEGREE + stamp.sequence;
    int len = snprintf(text, STAMP_TEXT_BYTES,
                       "{\"userId\":%" PRIu32 ",\"lat\":%" PRIu32 ".%07" PRIu32 ",\"lng\":%" PRIu32
                       ".%07" PRIu32 "}",
                       stamp.runner, lat / DEGREE, lat % DEGREE, lng / DEGREE, lng % DEGREE);
    return span_of(text, (size_t)len);
}

static bool is_digit(const uint8_t *at, const uint8_t *end)
{
    return at < end && *at >= '0' && *at <= '9';
}

/*
 * Read a number of at most 10 digits before the point and `decimals` behind it, and go behind it: 12.34 with `decimals` 7 is
 * 123400000. False when it is not one, or has more.
 */
static bool take_number(const uint8_t **at, const uint8_t *end, unsigned decimals, uint64_t *value)
{
    const uint8_t *from = *at;
    *value = 0;
    for (; is_digit(*at, end) && *at - from < 10; (*at)++)
        *value = 10 * *value + (uint64_t)(**at - '0');
    if (*at == from)
        return false;
    if (*at < end && **at == '.')
        for ((*at)++; is_digit(*at, end) && decimals > 0; (*at)++, decimals--)
            *value = 10 * *value + (uint64_t)(**at - '0');
    for (; decimals > 0; decimals--)
        *value *= 10;
    return *at < end && (**at == ',' || **at == '}' || **at == ' ');
}

static bool take_text(const uint8_t **at, const uint8_t *end, const char *text, size_t len)
{
    if ((size_t)(end - *at) < len || memcmp(*at, text, len) != 0)
        return false;
    *at += len;
    return true;
}

#define TAKE(text) take_text(&at, end, text, sizeof(text) - 1)

/* Runner, lat and lng as whole numbers. */
struct members {
    uint64_t runner;
    uint64_t lat;
    uint64_t lng;
};

/* As stamp_write() and JSON.stringify() have it: most of what comes, so it is tried first. */
static bool read_usual(struct span text, struct members *members)
{
    const uint8_t *at = text.data;
    const uint8_t *end = text.data + text.len;
    return TAKE("{\"userId\":") && take_number(&at, end, 0, &members->runner) &&
           TAKE(",\"lat\":") && take_number(&at, end, DECIMALS, &members->lat) &&
           TAKE(",\"lng\":") && take_number(&at, end, DECIMALS, &members->lng);
}

/* The value of a member, wherever it stands. */
static bool find_member(struct span text, struct span key, unsigned decimals, uint64_t *value)
{
    const uint8_t *end = text.data + text.len;
    const uint8_t *at = memmem(text.data, text.len, key.data, key.len);
    if (at == NULL)
        return false;
    for (at += key.len; at < end && (*at == ':' || *at == ' ');)
        at++;
    return take_number(&at, end, decimals, value);
}

static bool read_any(struct span text, struct members *members)
{
    return find_member(text, span_of_text("\"userId\""), 0, &members->runner) &&
           find_member(text, span_of_text("\"lat\""), DECIMALS, &members->lat) &&
           find_member(text, span_of_text("\"lng\""), DECIMALS, &members->lng);
}

bool stamp_read(struct span text, struct stamp *stamp)
{
    struct members it;
    if (!read_usual(text, &it) && !read_any(text, &it))
        return false;
    if (it.runner > UINT32_MAX || it.lat < DEGREE || it.lat - DEGREE >= STAMP_CLOCK_US ||
        it.lng <= DEGREE || it.lng - DEGREE > UINT32_MAX)
        return false;
    *stamp = (struct stamp){(uint32_t)it.runner, (uint32_t)(it.lng - DEGREE),
                            (uint32_t)(it.lat - DEGREE)};
    return true;
}
