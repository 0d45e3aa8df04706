#include "proto/v1_upload.h"

#include "base/err.h"
#include "tests/lib/guard.h"
#include "tests/lib/test.h"

static struct v1_message message;
static struct fault fault;
static const struct v1_user seven = {.id = {.len = 1, .text = "7"}, .is_number = true};

typedef int decode_fn(struct span text, const struct v1_limits *limits, struct v1_message *message,
                      struct fault *fault);

static int end(void **state)
{
    (void)state;
    v1_message_fini(&message);
    return 0;
}
TEST_TEARDOWN(end);

static int decode(decode_fn *decode_text, const char *text, size_t len)
{
    struct v1_limits limits = {.max_positions = 3, .publishes = &seven};
    struct guard guard = guard_copy(text, len);
    int err = decode_text(span_of(guard.data, guard.len), &limits, &message, &fault);
    guard_fini(&guard);
    return err;
}

static void takes(decode_fn *decode_text, const char *text, size_t count)
{
    if (decode(decode_text, text, strlen(text)) != 0)
        fail_msg("refused: %s: %s", text, fault.message);
    assert_int_equal(message.kind, V1_POSITIONS);
    assert_int_equal(message.position_count, count);
    assert_true(message.index == V1_NO_INDEX);
}

static void refuses(decode_fn *decode_text, const char *text, enum fault_code code, const char *why)
{
    if (decode(decode_text, text, strlen(text)) != ERR_FORMAT)
        fail_msg("taken: %s", text);
    assert_string_equal(fault.message, why);
    assert_string_equal(fault_name(fault.code), fault_name(code));
}

static void is_of(size_t index, const char *runner)
{
    const struct runner_id *id = &message.positions[index].runner;
    assert_int_equal(id->len, strlen(runner));
    assert_memory_equal(id->text, runner, id->len);
}

TEST(a_body_is_a_position_or_an_array_or_a_message_of_them)
{
    takes(v1_decode_upload, "{\"lat\":1,\"lng\":2}", 1);
    is_of(0, "7");
    takes(v1_decode_upload, "[{\"lat\":1,\"lng\":2},{\"userId\":\"b\",\"lat\":3,\"lng\":4}]", 2);
    is_of(1, "b");
    takes(v1_decode_upload, "{\"userId\":\"a\",\"positions\":[{\"lat\":1,\"lng\":2}]}", 1);
    is_of(0, "a");
    takes(v1_decode_upload, "[]", 0);
}

TEST(a_body_that_is_none_is_refused)
{
    refuses(v1_decode_upload, "7", FAULT_not_an_object,
            "expected an object or an array, got a number");
    refuses(v1_decode_upload, "", FAULT_bad_json,
            "line 1, column 0: the text ends in the middle of a value");
    refuses(v1_decode_upload, "[{\"lat\":1,\"lng\":2},{\"lat\":1}]", FAULT_missing_member,
            "positions[1].lng: missing, a position needs it");
    assert_int_equal(message.index, 1);
    refuses(v1_decode_upload, "[1,2,3,4]", FAULT_too_many_positions,
            "positions: 4 of them, at most 3 are taken");
}

TEST(lines_are_a_position_each)
{
    takes(v1_decode_lines, "{\"lat\":1,\"lng\":2}\n\n{\"userId\":\"b\",\"lat\":3,\"lng\":4}\r\n",
          2);
    is_of(0, "7");
    is_of(1, "b");
    takes(v1_decode_lines, "{\"lat\":1,\"lng\":2}", 1);
    takes(v1_decode_lines, "\n \t\r\n", 0);
    takes(v1_decode_lines, "", 0);
}

TEST(a_bad_line_is_told_by_its_number)
{
    refuses(v1_decode_lines, "{\"lat\":1,\"lng\":2}\n\n{\"lat\":1,", FAULT_bad_json,
            "line 3: line 1, column 9: the text ends in the middle of a value");
    assert_int_equal(message.index, 1);
    refuses(v1_decode_lines, "{\"lat\":1}\n", FAULT_missing_member,
            "line 1: lng: missing, a position needs it");
    refuses(v1_decode_lines, "[]", FAULT_not_an_object, "line 1: expected an object, got an array");
    refuses(v1_decode_lines, "{\"lat\":1,\"lng\":2}{}", FAULT_bad_json,
            "line 1: line 1, column 18: there is more behind the end of the value");
    refuses(v1_decode_lines,
            "{\"lat\":1,\"lng\":2}\n{\"lat\":1,\"lng\":2}\n{\"lat\":1,\"lng\":2}\n{}",
            FAULT_too_many_positions, "at most 3 positions are taken");
}

TEST(a_line_that_ends_with_a_nul_is_not_json)
{
    assert_int_equal(decode(v1_decode_lines, "{\"lat\":1,\"lng\":2}\0", 18), ERR_FORMAT);
    assert_string_equal(fault_name(fault.code), "bad_json");
}
