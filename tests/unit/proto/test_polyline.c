#include "proto/polyline.h"

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/test.h"

struct point {
    int32_t lat_e7;
    int32_t lng_e7;
};

static void encodes(unsigned decimals, const struct point *points, size_t count,
                    const char *expected)
{
    struct polyline line = {.decimals = decimals};
    struct buf out = {0};
    for (size_t i = 0; i < count; i++)
        assert_int_equal(polyline_append(&line, points[i].lat_e7, points[i].lng_e7, &out), 0);
    assert_int_equal(out.len, strlen(expected));
    assert_memory_equal(out.data, expected, out.len);
    buf_fini(&out);
}

TEST(the_example_of_the_reference_is_encoded_as_there)
{
    static const struct point points[] = {
        {385000000, -1202000000}, {407000000, -1209500000}, {432520000, -1264530000}};
    encodes(5, points, 3, "_p~iF~ps|U_ulLnnqC_mqNvxq`@");
}

/* The same line in Valhalla's and Mapbox' tests of 6 decimals. */
TEST(six_decimals_are_finer)
{
    static const struct point points[] = {
        {385000000, -1202000000}, {407000000, -1209500000}, {432520000, -1264530000}};
    encodes(6, points, 3, "_izlhA~rlgdF_{geC~ywl@_kwzCn`{nI");
}

TEST(what_is_finer_is_rounded_and_does_not_add_up)
{
    static const struct point points[] = {{49, -49}, {50, -50}, {99, -99}, {150, -150}};
    encodes(5, points, 4, "??A@??A@");
}

TEST(the_longest_way_fits)
{
    static const struct point points[] = {{-900000000, -1800000000}, {900000000, 1800000000}};
    struct polyline line = {.decimals = 6};
    struct buf out = {0};
    for (size_t i = 0; i < 2; i++) {
        size_t before = out.len;
        assert_int_equal(polyline_append(&line, points[i].lat_e7, points[i].lng_e7, &out), 0);
        assert_true(out.len - before <= POLYLINE_POINT_BYTES);
    }
    buf_fini(&out);
}

TEST(without_memory_the_line_can_be_gone_on_with)
{
    struct polyline line = {.decimals = 5};
    struct buf out = {0};
    mem_fail_after(0);
    assert_int_equal(polyline_append(&line, 10000000, 0, &out), ERR_NO_MEMORY);
    mem_fail_after(-1);
    assert_true(line.lat == 0 && out.len == 0);
}
