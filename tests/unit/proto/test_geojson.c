#include "proto/geojson.h"

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/guard.h"
#include "tests/lib/test.h"

static struct v1_message message;
static struct fault fault;
static struct buf out;
static const struct v1_user seven = {.id = {.len = 1, .text = "7"}, .is_number = true};

static int end(void **state)
{
    (void)state;
    v1_message_fini(&message);
    buf_fini(&out);
    return 0;
}
TEST_TEARDOWN(end);

static int decode(const char *text)
{
    struct v1_limits limits = {.max_positions = 3, .publishes = &seven};
    struct guard guard = guard_copy(text, strlen(text));
    int err = geojson_decode(span_of(guard.data, guard.len), &limits, &message, &fault);
    guard_fini(&guard);
    return err;
}

static void takes(const char *text, size_t count)
{
    if (decode(text) != 0)
        fail_msg("refused: %s: %s", text, fault.message);
    assert_int_equal(message.kind, V1_POSITIONS);
    assert_int_equal(message.position_count, count);
    assert_true(message.index == V1_NO_INDEX);
}

static void refuses(const char *text, enum fault_code code, const char *why)
{
    if (decode(text) != ERR_FORMAT)
        fail_msg("taken: %s", text);
    assert_string_equal(fault.message, why);
    assert_string_equal(fault_name(fault.code), fault_name(code));
}

static void is_at(const struct position *position, int32_t lat_e7, int32_t lng_e7)
{
    int32_t lat = 0;
    int32_t lng = 0;
    assert_true(position_to_e7(position, &lat, &lng));
    assert_int_equal(lat, lat_e7);
    assert_int_equal(lng, lng_e7);
}

static void writes(int err, const char *expected)
{
    assert_int_equal(err, 0);
    assert_int_equal(buf_append(&out, span_of("", 1)), 0);
    assert_string_equal((const char *)out.data, expected);
    out.len = 0;
}

static struct position position_of(int32_t lat_e7, int32_t lng_e7, int64_t time_ms)
{
    struct position position = {.runner = seven.id, .runner_is_number = true, .time_ms = time_ms};
    position_set_e7(&position, lat_e7, lng_e7);
    return position;
}

TEST(a_position_is_a_feature_with_the_longitude_first)
{
    struct position position = position_of(488568000, -22927001, 1732600000500);
    writes(geojson_encode_position(&position, &out),
           "{\"type\":\"Feature\",\"geometry\":{\"type\":\"Point\","
           "\"coordinates\":[-2.2927001,48.8568]},\"properties\":{\"userId\":7,"
           "\"time\":\"2024-11-26T05:46:40.500Z\"}}");
    position.detail.has = POSITION_ALTITUDE | POSITION_BATTERY;
    position.detail.altitude_cm = 3550;
    position.detail.battery_percent = 80;
    writes(geojson_encode_position(&position, &out),
           "{\"type\":\"Feature\",\"geometry\":{\"type\":\"Point\","
           "\"coordinates\":[-2.2927001,48.8568,35.5]},\"properties\":{\"userId\":7,"
           "\"time\":\"2024-11-26T05:46:40.500Z\",\"battery\":80}}");
    position.lat = (struct coordinate){.real = 91};
    writes(geojson_encode_position(&position, &out), "");
}

TEST(a_track_is_a_line_with_its_times)
{
    struct position track[] = {position_of(10000000, 20000000, 0),
                               position_of(30000000, 40000000, 1500)};
    writes(geojson_encode_track(&seven, track, 2, &out),
           "{\"type\":\"Feature\",\"geometry\":{\"type\":\"LineString\","
           "\"coordinates\":[[2,1],[4,3]]},\"properties\":{\"userId\":7,"
           "\"coordTimes\":[\"1970-01-01T00:00:00Z\",\"1970-01-01T00:00:01.500Z\"]}}");
    track[0].detail.has = POSITION_ALTITUDE;
    track[0].detail.altitude_cm = -1;
    writes(geojson_encode_track(&seven, track, 1, &out),
           "{\"type\":\"Feature\",\"geometry\":{\"type\":\"MultiPoint\","
           "\"coordinates\":[[2,1,-0.01]]},\"properties\":{\"userId\":7,"
           "\"coordTimes\":[\"1970-01-01T00:00:00Z\"]}}");
    writes(geojson_encode_track(&seven, track, 0, &out),
           "{\"type\":\"Feature\",\"geometry\":{\"type\":\"MultiPoint\",\"coordinates\":[]},"
           "\"properties\":{\"userId\":7,\"coordTimes\":[]}}");
}

TEST(altitudes_of_a_line_are_told_of_all_or_of_none)
{
    struct position track[] = {position_of(10000000, 20000000, 0),
                               position_of(30000000, 40000000, 1000)};
    track[0].detail.has = POSITION_ALTITUDE;
    writes(geojson_encode_track(&seven, track, 2, &out),
           "{\"type\":\"Feature\",\"geometry\":{\"type\":\"LineString\","
           "\"coordinates\":[[2,1],[4,3]]},\"properties\":{\"userId\":7,"
           "\"coordTimes\":[\"1970-01-01T00:00:00Z\",\"1970-01-01T00:00:01Z\"]}}");
}

TEST(a_feature_of_a_point_is_a_position)
{
    takes("{\"type\":\"Feature\",\"geometry\":{\"type\":\"Point\",\"coordinates\":[2.2927,48.8568,"
          "35.5]},\"properties\":{\"userId\":\"ann\",\"time\":\"2024-11-26T05:46:40Z\","
          "\"altitude\":1,\"battery\":80}}",
          1);
    const struct position *position = &message.positions[0];
    is_at(position, 488568000, 22927000);
    assert_memory_equal(position->runner.text, "ann", 3);
    assert_false(position->runner_is_number);
    assert_int_equal(position->time_ms, 1732600000000);
    assert_int_equal(position->detail.altitude_cm, 3550);
    assert_int_equal(position->detail.battery_percent, 80);
}

TEST(a_feature_without_properties_is_of_who_sends_it_now)
{
    takes("{\"type\":\"Feature\",\"geometry\":{\"type\":\"Point\",\"coordinates\":[2,1]},"
          "\"properties\":null}",
          1);
    assert_memory_equal(message.positions[0].runner.text, "7", 1);
    assert_true(message.positions[0].time_is_arrival);
}

TEST(a_collection_holds_points_and_lines)
{
    takes("{\"type\":\"FeatureCollection\",\"features\":["
          "{\"type\":\"Feature\",\"geometry\":{\"type\":\"Point\",\"coordinates\":[2,1]}},"
          "{\"type\":\"Feature\",\"geometry\":{\"type\":\"LineString\",\"coordinates\":[[4,3],"
          "[6,5,-1]]},\"properties\":{\"coordTimes\":[1000,\"1970-01-01T00:00:02Z\"]}}]}",
          3);
    is_at(&message.positions[1], 30000000, 40000000);
    is_at(&message.positions[2], 50000000, 60000000);
    assert_int_equal(message.positions[1].time_ms, 1000);
    assert_int_equal(message.positions[2].time_ms, 2000);
    assert_int_equal(message.positions[2].detail.altitude_cm, -100);
    takes("{\"type\":\"FeatureCollection\",\"features\":[]}", 0);
}

TEST(what_is_no_feature_of_these_is_refused)
{
    refuses("7", FAULT_wrong_type, "expected a Feature");
    refuses("{\"type\":\"Point\",\"coordinates\":[1,2]}", FAULT_wrong_type, "expected a Feature");
    refuses("{\"type\":\"FeatureCollection\"}", FAULT_wrong_type, "features: expected an array");
    refuses("{\"type\":\"FeatureCollection\",\"features\":[null]}", FAULT_wrong_type,
            "features[0]: expected a Feature");
    refuses("{\"type\":\"Feature\",\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[]}}",
            FAULT_wrong_type, "expected a geometry that is a Point, a LineString or a MultiPoint");
    refuses("{\"type\":\"Feature\",\"geometry\":{\"type\":\"Point\",\"coordinates\":[\"2\",1]}}",
            FAULT_wrong_type,
            "coordinates: expected numbers, longitude, latitude and perhaps altitude");
}

TEST(a_bad_position_is_told_with_its_place_and_index)
{
    refuses("{\"type\":\"FeatureCollection\",\"features\":["
            "{\"type\":\"Feature\",\"geometry\":{\"type\":\"Point\",\"coordinates\":[2,1]}},"
            "{\"type\":\"Feature\",\"geometry\":{\"type\":\"LineString\",\"coordinates\":[[4,91]]},"
            "\"properties\":{\"coordTimes\":[1000]}}]}",
            FAULT_bad_position,
            "features[1].coordinates[0]: expected a latitude from -90 to 90 and a longitude from "
            "-180 to 180");
    assert_int_equal(message.index, 1);
    refuses("{\"type\":\"Feature\",\"geometry\":{\"type\":\"LineString\",\"coordinates\":[[4,3],"
            "[6,5]]},\"properties\":{\"coordTimes\":[1000]}}",
            FAULT_bad_time, "coordTimes: expected an array with a time for each of 2 coordinates");
    refuses(
        "{\"type\":\"Feature\",\"geometry\":{\"type\":\"MultiPoint\",\"coordinates\":[1,2,3,4]},"
        "\"properties\":{\"coordTimes\":[1,2,3,4]}}",
        FAULT_too_many_positions, "4 positions, at most 3 are taken");
}

TEST(a_track_without_memory_leaves_nothing_behind)
{
    struct position track[] = {position_of(10000000, 20000000, 0),
                               position_of(30000000, 40000000, 1500)};
    int err = ERR_NO_MEMORY;
    for (long n = 0; err < 0; n++) {
        buf_fini(&out);
        mem_fail_after(n);
        err = geojson_encode_track(&seven, track, 2, &out);
        mem_fail_after(-1);
        assert_true(err == 0 || out.len == 0);
        assert_true(n < 10);
    }
}
