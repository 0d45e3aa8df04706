#include "proto/seed.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/same.h"
#include "tests/lib/test.h"

static const struct seed_limits limits = {.max_ids = 100};

static struct position position_of(const char *json)
{
    struct seed_message message = {0};
    struct fault fault = {0};
    assert_int_equal(seed_decode(span_of_text(json), &limits, &message, &fault), 0);
    assert_int_equal(message.kind, SEED_POSITION);
    return message.position;
}

static void expect_contents(const struct buf *buf, const char *text)
{
    if (!span_equals(buf_span(buf), span_of_text(text)))
        fail_msg("expected %s, got %.*s", text, (int)buf->len, (const char *)buf->data);
}

static void expect_round_trip(const struct position *position)
{
    struct buf out = {0};
    struct seed_message message = {0};
    struct fault fault = {0};
    assert_int_equal(seed_encode(position, &out), 0);
    if (seed_decode(buf_span(&out), &limits, &message, &fault) != 0)
        fail_msg("%.*s: %s", (int)out.len, (const char *)out.data, fault.message);
    if (!same_position(position, &message.position))
        fail_msg("%.*s is another position", (int)out.len, (const char *)out.data);
    buf_fini(&out);
}

TEST(a_position_goes_out_as_it_came_in)
{
    static const char *const texts[] = {
        "{\"userId\":7,\"lat\":48.8568,\"lng\":2.2927}",
        "{\"userId\":\"7\",\"lat\":48.8568,\"lng\":2.2927}",
        "{\"userId\":9223372036854775807,\"lat\":9223372036854775807,\"lng\":-9223372036854775808}",
        "{\"userId\":\"a\\\"b\\\\c\\u0000\",\"lat\":-0.0,\"lng\":100}",
        "{\"userId\":\"\xf0\x9f\x8f\x83\",\"lat\":90.0,\"lng\":0.30000000000000004}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct buf out = {0};
        struct position position = position_of(texts[i]);
        assert_int_equal(seed_encode(&position, &out), 0);
        expect_contents(&out, texts[i]);
        buf_fini(&out);
    }
}

TEST(members_beyond_the_three_are_not_passed_on)
{
    struct buf out = {0};
    struct position position =
        position_of("{\"speed\":3,\"lng\":2,\"lat\":1,\"userId\":7,\"lat\":1.50}");
    assert_int_equal(seed_encode(&position, &out), 0);
    expect_contents(&out, "{\"userId\":7,\"lat\":1.5,\"lng\":2}");
    buf_fini(&out);
}

TEST(encoding_appends)
{
    struct buf out = {0};
    struct position position = position_of("{\"userId\":7,\"lat\":1,\"lng\":2}");
    assert_int_equal(buf_append_text(&out, "before "), 0);
    assert_int_equal(seed_encode(&position, &out), 0);
    expect_contents(&out, "before {\"userId\":7,\"lat\":1,\"lng\":2}");
    buf_fini(&out);
}

TEST(a_frame_is_one_unmasked_text_frame)
{
    struct buf out = {0};
    struct position position = position_of("{\"userId\":7,\"lat\":1,\"lng\":2}");
    assert_int_equal(seed_encode_frame(&position, &out), 0);
    expect_contents(&out, "\x81\x1c{\"userId\":7,\"lat\":1,\"lng\":2}");
    buf_fini(&out);
}

/* The longest position: 64 bytes that are escaped to 6 each, and the longest numbers. */
static struct position longest_position(void)
{
    struct position position = {.lat = {.real = -2.2250738585072014e-308},
                                .lng = {.is_integer = true, .integer = INT64_MIN}};
    memset(position.runner.text, 1, RUNNER_ID_BYTES);
    position.runner.len = RUNNER_ID_BYTES;
    return position;
}

TEST(a_frame_over_125_bytes_has_a_longer_header)
{
    struct buf text = {0};
    struct buf frame = {0};
    struct position position = longest_position();
    assert_int_equal(seed_encode(&position, &text), 0);
    assert_int_equal(seed_encode_frame(&position, &frame), 0);
    assert_int_equal(frame.len, 4 + text.len);
    assert_int_equal(frame.data[0], 0x81);
    assert_int_equal(frame.data[1], 126);
    assert_int_equal(frame.data[2] << 8 | frame.data[3], text.len);
    assert_memory_equal(frame.data + 4, text.data, text.len);
    expect_round_trip(&position);
    buf_fini(&text);
    buf_fini(&frame);
}

static uint64_t random_bits(void)
{
    static uint64_t state = 88172645463325252U;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static struct coordinate random_coordinate(void)
{
    struct coordinate coordinate = {.is_integer = random_bits() % 4 == 0};
    uint64_t bits = random_bits() >> random_bits() % 64;
    do {
        if (coordinate.is_integer)
            memcpy(&coordinate.integer, &bits, sizeof bits);
        else
            memcpy(&coordinate.real, &bits, sizeof bits);
        bits = random_bits();
    } while (!coordinate.is_integer && !isfinite(coordinate.real));
    return coordinate;
}

TEST(random_positions_survive_the_way_out_and_in)
{
    for (int i = 0; i < 5000; i++) {
        struct position position = {.lat = random_coordinate(), .lng = random_coordinate()};
        position.runner_is_number = random_bits() % 2 == 0;
        if (position.runner_is_number) {
            runner_id_set_integer(&position.runner, (int64_t)random_bits());
        } else {
            position.runner.len = (uint8_t)(1 + random_bits() % RUNNER_ID_BYTES);
            for (size_t at = 0; at < position.runner.len; at++)
                position.runner.text[at] = (char)(random_bits() % 128);
        }
        expect_round_trip(&position);
    }
}

TEST(a_fault_is_told_with_code_and_message)
{
    struct buf out = {0};
    struct fault fault = {0};
    fault_set(&fault, FAULT_bad_id, "following[%d]: say \"please\"", 3);
    assert_int_equal(seed_encode_fault(&fault, &out), 0);
    expect_contents(
        &out, "{\"error\":{\"code\":\"bad_id\",\"message\":\"following[3]: say \\\"please\\\"\"}}");
    buf_fini(&out);
}

TEST(each_fault_is_json_with_its_name)
{
    for (int code = 0; code < FAULT_COUNT; code++) {
        struct buf out = {0};
        struct fault fault = {.code = (enum fault_code)code};
        memset(fault.message, '"', sizeof fault.message - 1);
        assert_int_equal(seed_encode_fault(&fault, &out), 0);
        json_t *root = json_loadb((const char *)out.data, out.len, 0, NULL);
        json_t *error = json_object_get(root, "error");
        assert_string_equal(json_string_value(json_object_get(error, "code")),
                            fault_name(fault.code));
        assert_string_equal(json_string_value(json_object_get(error, "message")), fault.message);
        json_decref(root);
        buf_fini(&out);
    }
}

TEST(a_follow_message_is_what_the_decoder_takes)
{
    static const char *const names[] = {"7", "07", "ann \"x\"", "9223372036854775808"};
    struct runner_id ids[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(runner_id_set(&ids[i], span_of_text(names[i])), 0);
    struct buf out = {0};
    assert_int_equal(seed_encode_follow(ids, 4, true, &out), 0);
    expect_contents(&out, "{\"initialRequest\":true,\"following\":[7,\"07\",\"ann \\\"x\\\"\","
                          "\"9223372036854775808\"],\"snapshot\":true}");
    struct seed_message message = {0};
    struct fault fault = {0};
    assert_int_equal(seed_decode(buf_span(&out), &limits, &message, &fault), 0);
    assert_true(message.snapshot);
    assert_int_equal(message.id_count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_memory_equal(message.ids[i].text, names[i], message.ids[i].len);
    seed_message_fini(&message);
    buf_fini(&out);
}

TEST(following_nobody_is_a_message_too)
{
    struct buf out = {0};
    assert_int_equal(seed_encode_follow(NULL, 0, false, &out), 0);
    expect_contents(&out, "{\"initialRequest\":true,\"following\":[]}");
    buf_fini(&out);
}

static int encode_position(struct buf *out)
{
    struct position position = longest_position();
    return seed_encode(&position, out);
}

static int encode_frame(struct buf *out)
{
    struct position position = longest_position();
    return seed_encode_frame(&position, out);
}

static int encode_fault(struct buf *out)
{
    struct fault fault = {0};
    fault_set(&fault, FAULT_bad_json, "line 1, column 1: this is not JSON here");
    return seed_encode_fault(&fault, out);
}

static int encode_follow(struct buf *out)
{
    struct runner_id ids[20] = {0};
    for (size_t i = 0; i < 20; i++)
        ids[i] = longest_position().runner;
    return seed_encode_follow(ids, 20, true, out);
}

TEST(without_memory_the_buffer_is_left_as_it_was)
{
    static int (*const encoders[])(struct buf *) = {encode_position, encode_frame, encode_fault,
                                                    encode_follow};
    for (size_t i = 0; i < sizeof encoders / sizeof *encoders; i++) {
        int err = -1;
        for (long successes = 0; err != 0; successes++) {
            struct buf out = {0};
            assert_int_equal(buf_append_text(&out, "before"), 0);
            mem_fail_after(successes);
            err = encoders[i](&out);
            mem_fail_after(-1);
            assert_true(err == 0 || err == ERR_NO_MEMORY);
            if (err != 0)
                expect_contents(&out, "before");
            buf_fini(&out);
        }
    }
}

/* --- tokens --------------------------------------------------------------------------------------------------------- */

TEST(a_refusal_names_the_ids_that_it_is_about)
{
    struct buf out = {0};
    struct fault fault;
    struct runner_id ids[2];
    runner_id_set_integer(&ids[0], 7);
    assert_int_equal(runner_id_set(&ids[1], span_of_text("an \"n")), 0);
    fault_set(&fault, FAULT_not_allowed, "no");
    assert_int_equal(seed_encode_refusal(&fault, ids, 2, &out), 0);
    expect_contents(&out, "{\"error\":{\"code\":\"not_allowed\",\"message\":\"no\","
                          "\"ids\":[7,\"an \\\"n\"]}}");
    buf_fini(&out);
}

TEST(a_refusal_that_finds_no_memory_leaves_nothing_behind)
{
    struct fault fault;
    struct runner_id id;
    runner_id_set_integer(&id, 7);
    fault_set(&fault, FAULT_not_allowed, "no");
    struct buf out = {0};
    mem_fail_after(0);
    assert_int_equal(seed_encode_refusal(&fault, &id, 1, &out), ERR_NO_MEMORY);
    mem_fail_after(-1);
    assert_int_equal(out.len, 0);
    buf_fini(&out);
}

TEST(a_token_is_acknowledged_with_when_it_expires)
{
    struct buf out = {0};
    assert_int_equal(seed_encode_welcome(true, 1777600000, &out), 0);
    expect_contents(&out, "{\"token\":{\"expires\":1777600000}}");
    out.len = 0;
    assert_int_equal(seed_encode_welcome(false, 0, &out), 0);
    expect_contents(&out, "{\"token\":{\"expires\":null}}");
    buf_fini(&out);
}
