/* The messages here are also checked against the schemas of docs/asyncapi.yaml: tests/e2e/asyncapi.test.js reads them. */
#include "proto/v1_answer.h"

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/test.h"

static struct buf out;
static const struct v1_request_id seven = {.len = 1, .text = "7"};
static const struct v1_request_id word = {.len = 8, .text = "\"a\\\"b\\n\""};
static const struct v1_request_id none = {.len = 0};

static int start(void **state)
{
    (void)state;
    return buf_append_text(&out, "before");
}

static int end(void **state)
{
    (void)state;
    buf_fini(&out);
    return 0;
}
TEST_SETUP(start);
TEST_TEARDOWN(end);

/* One message behind what was there; then as at first. */
static void writes(int err, const char *expected)
{
    assert_int_equal(err, 0);
    assert_int_equal(buf_append(&out, span_of("", 1)), 0);
    assert_memory_equal(out.data, "before", 6);
    assert_string_equal((const char *)out.data + 6, expected);
    out.len = 6;
}

TEST(welcome_says_who_is_spoken_to_and_within_which_limits)
{
    struct v1_welcome welcome = {
        .version = "0.1.0",
        .time_ms = 1732600000000,
        .ping_interval_ms = 25000,
        .has_store = true,
        .message_bytes = 65536,
        .messages_per_second = 10000,
        .follows = 10000,
        .positions_per_message = 1000,
        .stale_ms = 15000,
        .lost_ms = 60000,
        .reconnect_min_ms = 500,
        .reconnect_max_ms = 10000,
        .expires = true,
        .expires_s = 1777600000,
    };
    writes(v1_encode_welcome(&welcome, &seven, &out),
           "{\"type\":\"welcome\",\"id\":7,\"version\":\"0.1.0\",\"time\":1732600000000,"
           "\"pingInterval\":25000,\"store\":true,\"limits\":{\"messageBytes\":65536,"
           "\"messagesPerSecond\":10000,\"follows\":10000,\"positionsPerMessage\":1000},"
           "\"stale\":15000,\"lost\":60000,\"reconnect\":{\"minimum\":500,\"maximum\":10000},"
           "\"expires\":1777600000}");
    welcome.has_store = welcome.expires = false;
    writes(v1_encode_welcome(&welcome, NULL, &out),
           "{\"type\":\"welcome\",\"version\":\"0.1.0\",\"time\":1732600000000,"
           "\"pingInterval\":25000,\"store\":false,\"limits\":{\"messageBytes\":65536,"
           "\"messagesPerSecond\":10000,\"follows\":10000,\"positionsPerMessage\":1000},"
           "\"stale\":15000,\"lost\":60000,\"reconnect\":{\"minimum\":500,\"maximum\":10000},"
           "\"expires\":null}");
}

TEST(an_ack_repeats_the_id_as_it_was_written)
{
    writes(v1_encode_ack(V1_STORED_YES, &seven, &out),
           "{\"type\":\"ack\",\"id\":7,\"stored\":true}");
    writes(v1_encode_ack(V1_STORED_NO, &word, &out),
           "{\"type\":\"ack\",\"id\":\"a\\\"b\\n\",\"stored\":false}");
    writes(v1_encode_ack(V1_STORED_NOT_SAID, &seven, &out), "{\"type\":\"ack\",\"id\":7}");
}

TEST(a_reset_says_why)
{
    writes(v1_encode_reset(V1_RESET_UNKNOWN_CURSOR, &seven, &out),
           "{\"type\":\"reset\",\"id\":7,\"reason\":\"unknown_cursor\"}");
    writes(v1_encode_reset(V1_RESET_TOO_MUCH, &none, &out),
           "{\"type\":\"reset\",\"reason\":\"too_much\"}");
    writes(v1_encode_reset(V1_RESET_NOT_KEPT, NULL, &out),
           "{\"type\":\"reset\",\"reason\":\"not_kept\"}");
}

TEST(a_rate_is_told_for_a_runner_in_the_form_it_was_named)
{
    struct v1_user number = {.id = {.len = 1, .text = "7"}, .is_number = true};
    struct v1_user text = {.id = {.len = 3, .text = "\"x\""}};
    writes(v1_encode_rate(&number, 1000, &out), "{\"type\":\"rate\",\"userId\":7,\"every\":1000}");
    writes(v1_encode_rate(&text, 10000, &out),
           "{\"type\":\"rate\",\"userId\":\"\\\"x\\\"\",\"every\":10000}");
}

TEST(small_answers_are_as_documented)
{
    writes(v1_encode_pong(1732600000000, &seven, &out),
           "{\"type\":\"pong\",\"id\":7,\"time\":1732600000000}");
    writes(v1_encode_token(true, 1777600000, &seven, &out),
           "{\"type\":\"token\",\"id\":7,\"expires\":1777600000}");
    writes(v1_encode_token(false, 0, NULL, &out), "{\"type\":\"token\",\"expires\":null}");
    writes(v1_encode_reconnect(1730, &out), "{\"type\":\"reconnect\",\"after\":1730}");
}

TEST(an_error_says_what_where_and_of_whom)
{
    struct fault fault;
    fault_set(&fault, FAULT_bad_position, "positions[3].lat: \"north\"");
    struct v1_error error = {.fault = &fault, .id = &seven, .index = 3};
    writes(v1_encode_error(&error, &out),
           "{\"type\":\"error\",\"id\":7,\"code\":\"bad_position\","
           "\"message\":\"positions[3].lat: \\\"north\\\"\",\"index\":3}");
    struct runner_id ids[] = {{.len = 1, .text = "8"}, {.len = 3, .text = "ann"}};
    fault_set(&fault, FAULT_not_allowed, "no");
    error = (struct v1_error){.fault = &fault, .ids = ids, .id_count = 2, .index = V1_NO_INDEX};
    writes(v1_encode_error(&error, &out), "{\"type\":\"error\",\"code\":\"not_allowed\","
                                          "\"message\":\"no\",\"ids\":[8,\"ann\"]}");
}

TEST(an_error_without_memory_leaves_nothing_behind)
{
    struct fault fault;
    fault_set(&fault, FAULT_not_allowed, "no");
    struct runner_id ids[100] = {0};
    struct v1_error error = {.fault = &fault, .ids = ids, .id_count = 100, .index = 7};
    for (size_t i = 0; i < 100; i++)
        runner_id_set_integer(&ids[i], INT64_MIN);
    int err = ERR_NO_MEMORY;
    for (long n = 0; err < 0; n++) {
        buf_fini(&out);
        assert_int_equal(buf_append_text(&out, "before"), 0);
        mem_fail_after(n);
        err = v1_encode_error(&error, &out);
        mem_fail_after(-1);
        assert_true(err == 0 || (err == ERR_NO_MEMORY && out.len == 6));
        assert_true(n < 30);
    }
}
