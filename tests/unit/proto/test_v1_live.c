/* The messages here are also checked against the schemas of docs/asyncapi.yaml: tests/e2e/asyncapi.test.js reads them. */
#include "proto/v1_live.h"

#include "base/err.h"
#include "base/mem.h"
#include "codec/ws_frame.h"
#include "tests/lib/test.h"

static struct buf elements;
static struct buf out;
static const uint8_t identity[CURSOR_IDENTITY_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8};

static int start(void **state)
{
    (void)state;
    v1_set_origin(identity, 9);
    return 0;
}

static int end(void **state)
{
    (void)state;
    buf_fini(&elements);
    buf_fini(&out);
    return 0;
}
TEST_SETUP(start);
TEST_TEARDOWN(end);

static struct position position_of(int64_t runner, int32_t lat_e7, int32_t lng_e7)
{
    struct position position = {.time_ms = 1732600000000, .runner_is_number = true};
    runner_id_set_integer(&position.runner, runner);
    position_set_e7(&position, lat_e7, lng_e7);
    return position;
}

/* A server's frame of one text message, whole; then `frame` is empty. */
static void frame_holds(const uint8_t *frame, size_t len, const char *expected)
{
    struct ws_reader reader;
    struct ws_piece piece;
    struct buf copy = {0};
    size_t taken;
    assert_int_equal(buf_append(&copy, span_of(frame, len)), 0);
    ws_reader_init(&reader, WS_CLIENT);
    assert_int_equal(ws_read(&reader, copy.data, len, len, &taken, &piece), WS_READ_PIECE);
    assert_true(taken == len && piece.first && piece.last && piece.opcode == WS_TEXT);
    assert_int_equal(piece.payload.len, strlen(expected));
    assert_memory_equal(piece.payload.data, expected, piece.payload.len);
    buf_fini(&copy);
}

static void seals(const struct v1_seal *seal, const char *expected)
{
    assert_int_equal(v1_seal(seal, buf_span(&elements), &out), 0);
    assert_true(out.len <= elements.len + V1_SEAL_BYTES);
    frame_holds(out.data, out.len, expected);
    out.len = 0;
}

TEST(a_position_is_an_element_with_what_is_known)
{
    struct position position = position_of(7, 488568000, -22927001);
    position.detail = (struct position_detail){
        .has = 31,
        .battery_percent = 80,
        .heading_cdeg = 27150,
        .altitude_cm = -5,
        .accuracy_cm = 400,
        .speed_cmps = 325,
    };
    assert_int_equal(v1_encode_position(&position, &elements), 0);
    seals(&(struct v1_seal){0},
          "{\"type\":\"positions\",\"positions\":[{\"userId\":7,\"lat\":48.8568,"
          "\"lng\":-2.2927001,\"time\":1732600000000,\"altitude\":-0.05,\"accuracy\":4,"
          "\"speed\":3.25,\"heading\":271.5,\"battery\":80}]}");
}

TEST(a_runner_goes_out_in_the_form_it_came_in)
{
    struct position position = {.time_ms = -1};
    position_set_e7(&position, 10000000, 1);
    assert_int_equal(runner_id_set(&position.runner, span_of_text("\"ann\"\n")), 0);
    assert_int_equal(v1_encode_position(&position, &elements), 0);
    seals(&(struct v1_seal){0},
          "{\"type\":\"positions\",\"positions\":[{\"userId\":\"\\\"ann\\\"\\u000a\",\"lat\":1,"
          "\"lng\":0.0000001,\"time\":-1}]}");
}

TEST(a_position_that_is_nowhere_is_no_element)
{
    struct position position = position_of(7, 0, 0);
    position.lat = (struct coordinate){.is_integer = true, .integer = 91};
    assert_int_equal(v1_encode_position(&position, &elements), 0);
    assert_int_equal(elements.len, 0);
}

TEST(a_snapshot_says_who_is_silent)
{
    struct position ann = position_of(7, 10000000, 20000000);
    struct position bea = position_of(8, 30000000, 40000000);
    uint64_t applied[] = {5, 300};
    struct v1_seal seal = {.applied = applied, .origins = 2, .is_snapshot = true};
    assert_int_equal(v1_encode_newest(&ann, RUNNER_LIVE, &elements), 0);
    assert_int_equal(v1_encode_newest(&bea, RUNNER_STALE, &elements), 0);
    assert_int_equal(v1_encode_newest(&bea, RUNNER_LOST, &elements), 0);
    seals(&seal, "{\"type\":\"snapshot\",\"positions\":["
                 "{\"userId\":7,\"lat\":1,\"lng\":2,\"time\":1732600000000},"
                 "{\"userId\":8,\"lat\":3,\"lng\":4,\"time\":1732600000000,\"status\":\"stale\"},"
                 "{\"userId\":8,\"lat\":3,\"lng\":4,\"time\":1732600000000,\"status\":\"lost\"}],"
                 "\"cursor\":\"AQECAwQFBgcICQIFrAI\"}");
}

TEST(a_frame_may_hold_no_position)
{
    seals(&(struct v1_seal){.is_snapshot = true}, "{\"type\":\"snapshot\",\"positions\":[]}");
    uint64_t applied[] = {5};
    seals(&(struct v1_seal){.applied = applied, .origins = 1, .superseded = 3},
          "{\"type\":\"positions\",\"positions\":[],\"cursor\":\"AQECAwQFBgcICQEF\","
          "\"superseded\":3}");
}

TEST(its_cursor_reads_back)
{
    uint64_t applied[CURSOR_ORIGINS_MAX] = {5, 300, UINT64_MAX};
    char text[CURSOR_TEXT_BYTES];
    struct cursor cursor;
    struct v1_seal seal = {.applied = applied, .origins = 3};
    size_t len = v1_write_cursor(&seal, text);
    assert_int_equal(cursor_read(span_of(text, len), &cursor), 0);
    assert_memory_equal(cursor.identity, identity, sizeof identity);
    assert_int_equal(cursor.boot, 9);
    assert_int_equal(cursor.origins, 3);
    assert_memory_equal(cursor.applied, applied, sizeof applied);
}

TEST(the_longest_frame_is_within_its_bound)
{
    uint64_t applied[CURSOR_ORIGINS_MAX];
    memset(applied, 0xff, sizeof applied);
    v1_set_origin(identity, UINT32_MAX);
    struct v1_seal seal = {.applied = applied, .origins = 64, .superseded = INT64_MAX};
    assert_int_equal(v1_seal(&seal, span_of(NULL, 0), &out), 0);
    assert_true(out.len <= V1_SEAL_BYTES);
}

TEST(a_status_is_a_frame_of_its_own)
{
    uint8_t frame[V1_STATUS_BYTES];
    struct position position = position_of(7, 10000000, 20000000);
    frame_holds(frame, v1_write_status(&position, RUNNER_STALE, frame),
                "{\"type\":\"status\",\"userId\":7,\"status\":\"stale\",\"since\":1732600000000}");
    position.runner_is_number = false;
    frame_holds(frame, v1_write_status(&position, RUNNER_LIVE, frame),
                "{\"type\":\"status\",\"userId\":\"7\",\"status\":\"live\","
                "\"since\":1732600000000}");
    position.runner.len = RUNNER_ID_BYTES;
    position.time_ms = INT64_MIN;
    memset(position.runner.text, 1, RUNNER_ID_BYTES);
    assert_true(v1_write_status(&position, RUNNER_LOST, frame) <= V1_STATUS_BYTES);
}

TEST(the_longest_position_is_within_its_bound)
{
    struct position position = position_of(7, -899999999, -1799999999);
    position.time_ms = INT64_MIN;
    position.runner_is_number = false;
    position.runner.len = RUNNER_ID_BYTES;
    memset(position.runner.text, 1, RUNNER_ID_BYTES);
    memset(&position.detail, 0xff, sizeof position.detail);
    assert_int_equal(v1_encode_newest(&position, RUNNER_STALE, &elements), 0);
    assert_true(elements.len < 700);
}

TEST(a_frame_without_memory_is_not_begun)
{
    mem_fail_after(0);
    assert_int_equal(v1_seal(&(struct v1_seal){0}, span_of(NULL, 0), &out), ERR_NO_MEMORY);
    mem_fail_after(-1);
    assert_int_equal(out.len, 0);
}
