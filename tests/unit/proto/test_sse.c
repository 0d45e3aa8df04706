/* The data here is also checked against the schemas of docs/asyncapi.yaml: tests/e2e/asyncapi.test.js reads it. */
#include "proto/sse.h"

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/test.h"

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
    buf_fini(&out);
    return 0;
}
TEST_SETUP(start);
TEST_TEARDOWN(end);

static struct position position_of(int64_t runner)
{
    struct position position = {.time_ms = 1732600000000, .runner_is_number = true};
    runner_id_set_integer(&position.runner, runner);
    position_set_e7(&position, 10000000, 20000000);
    return position;
}

static void writes(int err, const char *expected)
{
    assert_int_equal(err, 0);
    assert_int_equal(buf_append(&out, span_of("", 1)), 0);
    assert_string_equal((const char *)out.data, expected);
    out.len = 0;
}

TEST(positions_are_an_event_whose_id_is_the_cursor)
{
    struct buf elements = {0};
    struct position position = position_of(7);
    uint64_t applied[] = {5};
    struct v1_seal seal = {.applied = applied, .origins = 1, .superseded = 3};
    assert_int_equal(v1_encode_position(&position, &elements), 0);
    assert_int_equal(v1_encode_newest(&position, RUNNER_STALE, &elements), 0);
    writes(sse_seal(&seal, buf_span(&elements), &out),
           "id: AQECAwQFBgcICQEF\nevent: positions\ndata: "
           "{\"type\":\"positions\",\"positions\":["
           "{\"userId\":7,\"lat\":1,\"lng\":2,\"time\":1732600000000},"
           "{\"userId\":7,\"lat\":1,\"lng\":2,\"time\":1732600000000,\"status\":\"stale\"}],"
           "\"superseded\":3}\n\n");
    buf_fini(&elements);
}

TEST(without_a_cursor_an_event_has_no_id)
{
    writes(sse_seal(&(struct v1_seal){.is_snapshot = true}, span_of(NULL, 0), &out),
           "event: snapshot\ndata: {\"type\":\"snapshot\",\"positions\":[]}\n\n");
}

TEST(a_status_is_an_event_too)
{
    struct position position = position_of(7);
    uint8_t text[V1_STATUS_BYTES];
    size_t len = sse_write_status(&position, RUNNER_LOST, text);
    writes(buf_append(&out, span_of(text, len)),
           "event: status\ndata: {\"type\":\"status\",\"userId\":7,\"status\":\"lost\","
           "\"since\":1732600000000}\n\n");
}

TEST(other_messages_and_the_time_to_come_back_are_told)
{
    writes(sse_encode_message(span_of_text("{\"type\":\"reset\",\"reason\":\"too_much\"}"), &out),
           "event: reset\ndata: {\"type\":\"reset\",\"reason\":\"too_much\"}\n\n");
    writes(sse_encode_retry(1500, &out), "retry: 1500\n\n");
}

TEST(the_longest_event_is_within_its_bound)
{
    uint64_t applied[CURSOR_ORIGINS_MAX];
    memset(applied, 0xff, sizeof applied);
    v1_set_origin(identity, UINT32_MAX);
    struct v1_seal seal = {.applied = applied, .origins = 64, .superseded = INT64_MAX};
    assert_int_equal(sse_seal(&seal, span_of(NULL, 0), &out), 0);
    assert_true(out.len <= V1_SEAL_BYTES);
    struct position position = position_of(INT64_MIN);
    uint8_t text[V1_STATUS_BYTES];
    position.runner_is_number = false;
    position.runner.len = RUNNER_ID_BYTES;
    position.time_ms = INT64_MIN;
    memset(position.runner.text, 1, RUNNER_ID_BYTES);
    assert_true(sse_write_status(&position, RUNNER_LOST, text) <= V1_STATUS_BYTES);
}

TEST(an_event_without_memory_is_not_begun)
{
    mem_fail_after(0);
    assert_int_equal(sse_seal(&(struct v1_seal){0}, span_of(NULL, 0), &out), ERR_NO_MEMORY);
    mem_fail_after(-1);
    assert_int_equal(out.len, 0);
}
