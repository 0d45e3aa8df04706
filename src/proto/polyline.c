#include "proto/polyline.h"

#include "base/check.h"

/* To the nearest, halves away from 0. */
static int64_t units_of(int32_t e7, unsigned decimals)
{
    int64_t step = decimals == 5 ? 100 : 10;
    return (e7 + (e7 < 0 ? -step / 2 : step / 2)) / step;
}

/* Five bits a character, the lowest first; the sign is the lowest of all. */
static uint8_t *write_difference(uint8_t *to, int64_t difference)
{
    uint64_t bits = (uint64_t)difference << 1;
    if (difference < 0)
        bits = ~bits;
    while (bits >= 0x20) {
        *to++ = (uint8_t)((0x20 | (bits & 0x1f)) + '?');
        bits >>= 5;
    }
    *to++ = (uint8_t)(bits + '?');
    return to;
}

int polyline_append(struct polyline *line, int32_t lat_e7, int32_t lng_e7, struct buf *out)
{
    CHECK(line->decimals == 5 || line->decimals == 6);
    uint8_t text[POLYLINE_POINT_BYTES];
    int64_t lat = units_of(lat_e7, line->decimals);
    int64_t lng = units_of(lng_e7, line->decimals);
    uint8_t *end = write_difference(text, lat - line->lat);
    end = write_difference(end, lng - line->lng);
    int err = buf_append(out, span_of(text, (size_t)(end - text)));
    if (err < 0)
        return err;
    line->lat = lat;
    line->lng = lng;
    return 0;
}
