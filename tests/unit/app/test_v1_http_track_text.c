#include "app/v1_http_track_text.h"

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/test.h"

static struct position at(int32_t lat_e7, int32_t lng_e7, int64_t time_ms)
{
    struct position position = {.runner_is_number = true, .time_ms = time_ms};
    assert_int_equal(runner_id_set(&position.runner, span_of_text("7")), 0);
    position_set_e7(&position, lat_e7, lng_e7);
    return position;
}

static struct track_text text_of(enum track_format format)
{
    struct position position = at(0, 0, 0);
    return (struct track_text){.format = format,
                               .user = {.id = position.runner, .is_number = true},
                               .line = {.decimals = 5}};
}

static void expect_text(enum track_format format, const char *expected)
{
    struct track_text text = text_of(format);
    struct position first[] = {at(385000000, -1202000000, 0), at(407000000, -1209500000, 1000)};
    struct position second[] = {at(432520000, -1264530000, 2000)};
    struct buf out = {0};
    assert_int_equal(track_text_begin(&text, span_of_text("A<B"), &out), 0);
    assert_int_equal(track_text_add(&text, first, 2, &out), 0);
    assert_int_equal(track_text_add(&text, second, 1, &out), 0);
    assert_int_equal(track_text_end(&text, &out), 0);
    assert_int_equal(buf_append(&out, span_of("", 1)), 0);
    assert_string_equal((const char *)out.data, expected);
    buf_fini(&out);
}

#define P(lat, lng, time) "{\"userId\":7,\"lat\":" lat ",\"lng\":" lng ",\"time\":" time "}"
#define PT(lat, lng, time)                                                                         \
    "<trkpt lat=\"" lat "\" lon=\"" lng "\"><time>1970-01-01T00:00:0" time "Z</time></trkpt>\n"

TEST(each_format_goes_on_over_its_stretches)
{
    expect_text(TRACK_JSON,
                "{\"userId\":7,\"positions\":[" P("38.5", "-120.2", "0") "," P(
                    "40.7", "-120.95", "1000") "," P("43.252", "-126.453", "2000") "]}");
    expect_text(TRACK_NDJSON, P("38.5", "-120.2", "0") "\n" P("40.7", "-120.95", "1000") "\n" P(
                                  "43.252", "-126.453", "2000") "\n");
    /* The example of the format's description. */
    expect_text(TRACK_POLYLINE,
                "{\"userId\":7,\"precision\":5,\"polyline\":\"_p~iF~ps|U_ulLnnqC_mqNvxq`@\"}");
    expect_text(
        TRACK_GPX,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<gpx version=\"1.1\" creator=\"spectate\" "
        "xmlns=\"http://www.topografix.com/GPX/1/1\">\n<trk>\n<name>A&lt;B</name>\n<trkseg>\n" PT(
            "38.5000000", "-120.2000000", "0") PT("40.7000000", "-120.9500000", "1")
            PT("43.2520000", "-126.4530000", "2") "</trkseg>\n</trk>\n</gpx>\n");
    expect_text(TRACK_GEOJSON, "{\"type\":\"FeatureCollection\",\"features\":["
                               "{\"type\":\"Feature\",\"geometry\":{\"type\":\"LineString\","
                               "\"coordinates\":[[-120.2,38.5],[-120.95,40.7]]},"
                               "\"properties\":{\"userId\":7,\"coordTimes\":[\"1970-01-01T00:00:"
                               "00Z\",\"1970-01-01T00:00:01Z\"]}},"
                               "{\"type\":\"Feature\",\"geometry\":{\"type\":\"LineString\","
                               "\"coordinates\":[[-120.95,40.7],[-126.453,43.252]]},"
                               "\"properties\":{\"userId\":7,\"coordTimes\":[\"1970-01-01T00:00:"
                               "01Z\",\"1970-01-01T00:00:02Z\"]}}]}");
}

TEST(a_tolerance_leaves_out_what_lies_on_the_line)
{
    struct track_text text = text_of(TRACK_NDJSON);
    struct position line[] = {at(0, 0, 0), at(0, 1000, 1), at(0, 2000, 2), at(5000, 2000, 3)};
    struct buf out = {0};
    text.tolerance_m = 1;
    assert_int_equal(track_text_add(&text, line, 4, &out), 0);
    assert_true(
        span_equals(buf_span(&out), span_of_text(P("0", "0", "0") "\n" P("0", "0.0002", "2") "\n" P(
                                        "0.0005", "0.0002", "3") "\n")));
    buf_fini(&out);
}

TEST(a_track_without_positions_is_whole)
{
    for (int format = 0; format < TRACK_FORMATS; format++) {
        struct track_text text = text_of((enum track_format)format);
        struct buf out = {0};
        assert_int_equal(track_text_begin(&text, span_of(NULL, 0), &out), 0);
        assert_int_equal(track_text_add(&text, NULL, 0, &out), 0);
        assert_int_equal(track_text_end(&text, &out), 0);
        assert_int_equal(out.len > 0, format != TRACK_NDJSON);
        buf_fini(&out);
    }
}

TEST(without_memory_it_is_said)
{
    struct track_text text = text_of(TRACK_JSON);
    struct position line[] = {at(0, 0, 0), at(0, 1000, 1), at(0, 2000, 2)};
    struct buf out = {0};
    text.tolerance_m = 1;
    for (long after = 0; after < 4; after++) {
        mem_fail_after(after);
        assert_int_equal(track_text_add(&text, line, 3, &out), ERR_NO_MEMORY);
    }
    mem_fail_after(-1);
    buf_fini(&out);
}
