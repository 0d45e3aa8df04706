/*
 * The GPX reader under any bytes: in one piece and in small ones it gives the same points and the same error, every point
 * lies on the globe, and nothing is read or kept beyond its bounds.
 */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "course/gpx.h"

struct sum {
    uint64_t points;
    uint64_t mixed; /* of all fields of all points, in order */
    uint64_t skipped;
    int err;
    char error[GPX_ERROR_BYTES];
};

static void mix(struct sum *sum, const void *field, size_t len)
{
    const uint8_t *bytes = field;
    for (size_t i = 0; i < len; i++)
        sum->mixed = (sum->mixed ^ bytes[i]) * 0x100000001b3;
}

static void on_point(void *context, const struct gpx_point *point)
{
    struct sum *sum = context;
    CHECK(fabs(point->lat_deg) <= 90 && fabs(point->lng_deg) <= 180);
    sum->points++;
    mix(sum, &point->lat_deg, sizeof point->lat_deg);
    mix(sum, &point->lng_deg, sizeof point->lng_deg);
    mix(sum, &point->line, sizeof point->line);
    mix(sum, &point->index, sizeof point->index);
    mix(sum, &point->begins_segment, sizeof point->begins_segment);
    if (point->has_ele)
        mix(sum, &point->ele_m, sizeof point->ele_m);
    if (point->has_time)
        mix(sum, &point->time_ms, sizeof point->time_ms);
}

static struct sum read_all(struct span text, size_t bite_bytes)
{
    struct sum sum = {0};
    struct gpx_reader *reader = gpx_reader_new(on_point, &sum);
    CHECK(reader != NULL);
    for (size_t at = 0; sum.err == 0 && at < text.len; at += bite_bytes) {
        size_t len = text.len - at < bite_bytes ? text.len - at : bite_bytes;
        sum.err = gpx_read(reader, span_of(text.data + at, len));
    }
    if (sum.err == 0)
        sum.err = gpx_end(reader);
    sum.skipped = gpx_skipped(reader);
    memcpy(sum.error, gpx_error(reader), strlen(gpx_error(reader)));
    gpx_reader_free(&reader);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte says how small the bites are, the rest is the file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct span text = span_of(data + 1, size - 1);
    struct sum whole = read_all(text, text.len);
    struct sum bitten = read_all(text, data[0] == 0 ? 1 : data[0]);
    CHECK(whole.points == bitten.points);
    CHECK(whole.mixed == bitten.mixed && whole.skipped == bitten.skipped);
    CHECK(whole.err == bitten.err);
    return 0;
}
