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

/* A number behind a key: 12.34 with `decimals` 7 is 123400000. UINT64_MAX when it is not one, or has more decimals. */
static uint64_t read_number(const uint8_t *at, const uint8_t *end, unsigned decimals)
{
    uint64_t value = 0;
    while (at < end && (*at == ':' || *at == ' '))
        at++;
    if (!is_digit(at, end))
        return UINT64_MAX;
    for (unsigned digits = 0; is_digit(at, end) && digits < 10; at++, digits++)
        value = 10 * value + (uint64_t)(*at - '0');
    if (at < end && *at == '.')
        for (at++; is_digit(at, end) && decimals > 0; at++, decimals--)
            value = 10 * value + (uint64_t)(*at - '0');
    if (at < end && (is_digit(at, end) || *at == '.' || *at == 'e' || *at == 'E'))
        return UINT64_MAX;
    for (; decimals > 0; decimals--)
        value *= 10;
    return value;
}

static bool key_is(const uint8_t *at, const uint8_t *end, struct span key)
{
    return (size_t)(end - at) > key.len && memcmp(at, key.data, key.len) == 0;
}

bool stamp_read(struct span text, struct stamp *stamp)
{
    static const char runner_key[] = "\"userId\"";
    static const char lat_key[] = "\"lat\"";
    static const char lng_key[] = "\"lng\"";
    uint64_t runner = UINT64_MAX;
    uint64_t lat = 0;
    uint64_t lng = 0;
    const uint8_t *end = text.data + text.len;
    for (const uint8_t *at = text.data; at < end; at++) {
        if (*at != '"')
            continue;
        if (key_is(at, end, span_of(lat_key, sizeof lat_key - 1)))
            lat = read_number(at += sizeof lat_key - 1, end, DECIMALS);
        else if (key_is(at, end, span_of(lng_key, sizeof lng_key - 1)))
            lng = read_number(at += sizeof lng_key - 1, end, DECIMALS);
        else if (key_is(at, end, span_of(runner_key, sizeof runner_key - 1)))
            runner = read_number(at += sizeof runner_key - 1, end, 0);
    }
    if (runner > UINT32_MAX || lat < DEGREE || lat - DEGREE >= STAMP_CLOCK_US || lng <= DEGREE ||
        lng - DEGREE > UINT32_MAX)
        return false;
    *stamp = (struct stamp){(uint32_t)runner, (uint32_t)(lng - DEGREE), (uint32_t)(lat - DEGREE)};
    return true;
}
