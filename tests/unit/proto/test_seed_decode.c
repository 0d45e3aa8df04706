/*
 * What the seed dialect takes, and what it says of what it does not take (docs/protocol.md, "The seed dialect").
 */
#include "proto/seed.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/same.h"
#include "tests/lib/test.h"

#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct seed_limits three_ids = {.max_ids = 3};

/* Usual positions take a short way: here, too, the library must say the same. */
static void expect_same_by_json(const char *text, const struct seed_message *message)
{
    struct seed_message by_json = {0};
    struct fault fault = {0};
    assert_int_equal(seed_decode_json(span_of_text(text), &three_ids, &by_json, &fault), 0);
    assert_int_equal(by_json.kind, message->kind);
    if (message->kind == SEED_POSITION)
        assert_true(same_position(&message->position, &by_json.position));
    seed_message_fini(&by_json);
}

static struct seed_message decode(const char *text)
{
    struct seed_message message = {0};
    struct fault fault = {0};
    int err = seed_decode(span_of_text(text), &three_ids, &message, &fault);
    if (err != 0)
        fail_msg("%s: %s", text, fault.message);
    expect_same_by_json(text, &message);
    return message;
}

static void expect_id(const struct runner_id *id, const char *text)
{
    assert_int_equal(id->len, strlen(text));
    assert_memory_equal(id->text, text, id->len);
}

static void expect_fault_of(const struct seed_limits *limits, const char *text,
                            enum fault_code code, const char *said)
{
    struct seed_message message = {0};
    struct fault fault = {0};
    if (seed_decode(span_of_text(text), limits, &message, &fault) != ERR_FORMAT)
        fail_msg("%s: was taken", text);
    assert_string_equal(fault.message, said);
    assert_string_equal(fault_name(fault.code), fault_name(code));
    assert_int_equal(message.id_count, 0);
    seed_message_fini(&message);
}

static void expect_fault(const char *text, enum fault_code code, const char *said)
{
    expect_fault_of(&three_ids, text, code, said);
}

TEST(a_follow_message_names_runners)
{
    struct seed_message message =
        decode("{\"initialRequest\": true, \"following\": [7, \"8\", \"ann\"], \"userId\": 7}");
    assert_int_equal(message.kind, SEED_FOLLOW);
    assert_int_equal(message.id_count, 3);
    expect_id(&message.ids[0], "7");
    expect_id(&message.ids[1], "8");
    expect_id(&message.ids[2], "ann");
    assert_false(message.snapshot);
    seed_message_fini(&message);
}

TEST(a_follow_message_may_ask_for_a_snapshot)
{
    static const struct {
        const char *text;
        bool snapshot;
    } cases[] = {
        {"{\"initialRequest\":true,\"following\":[1],\"snapshot\":true}", true},
        {"{\"initialRequest\":true,\"following\":[1],\"snapshot\":false}", false},
        {"{\"initialRequest\":true,\"following\":[1],\"snapshot\":null}", false},
        {"{\"initialRequest\":true,\"following\":[],\"snapshot\":true}", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct seed_message message = decode(cases[i].text);
        assert_int_equal(message.kind, SEED_FOLLOW);
        assert_int_equal(message.snapshot, cases[i].snapshot);
        seed_message_fini(&message);
    }
}

TEST(a_follow_message_may_name_a_pace_which_is_rounded_up)
{
    static const struct {
        const char *rest;
        bool sets_pace;
        uint32_t pace_ms;
    } cases[] = {
        {"", false, 0},
        {",\"every\":null", false, 0},
        {",\"every\":0", true, 0},
        {",\"every\":1", true, 100},
        {",\"every\":100", true, 100},
        {",\"every\":100.5", true, 200},
        {",\"every\":60000", true, 60000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[128];
        snprintf(text, sizeof text, "{\"initialRequest\":true,\"following\":[1]%s}", cases[i].rest);
        struct seed_message message = decode(text);
        assert_int_equal(message.sets_pace, cases[i].sets_pace);
        assert_int_equal(message.pace_ms, cases[i].pace_ms);
        seed_message_fini(&message);
    }
}

TEST(a_message_without_a_true_initialRequest_is_a_position)
{
    static const char *const texts[] = {
        "{\"userId\":7,\"lat\":48.8568,\"lng\":2.2927}",
        "{\"initialRequest\":false,\"userId\":7,\"lat\":48.8568,\"lng\":2.2927}",
        "{\"initialRequest\":null,\"userId\":7,\"lat\":48.8568,\"lng\":2.2927,\"following\":4}",
        " {\"lng\":2.2927,\n\t\"lat\":48.8568,\r\"x\":[{}],\"userId\":7} ",
        "{\"userId\":8,\"lat\":\"x\",\"lng\":2.2927,\"lat\":48.8568,\"userId\":7}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct seed_message message = decode(texts[i]);
        assert_int_equal(message.kind, SEED_POSITION);
        expect_id(&message.position.runner, "7");
        assert_true(message.position.runner_is_number);
        assert_false(message.position.lat.is_integer);
        assert_true(message.position.lat.real == 48.8568);
        assert_true(message.position.lng.real == 2.2927);
        assert_int_equal(message.position.time_ms, 0);
        assert_null(message.ids);
    }
}

TEST(an_id_keeps_its_form)
{
    static const struct {
        const char *json;
        const char *id;
        bool is_number;
    } cases[] = {
        {"7", "7", true},
        {"\"7\"", "7", false},
        {"-0", "0", true},
        {"\"07\"", "07", false},
        {"9223372036854775807", "9223372036854775807", true},
        {"-9223372036854775808", "-9223372036854775808", true},
        {"9007199254740993", "9007199254740993", true},
        {"\"9223372036854775808\"", "9223372036854775808", false},
        {"\"" X64 "\"", X64, false},
        {"\"\\u00e9\\ud83c\\udfc3\"", "\xc3\xa9\xf0\x9f\x8f\x83", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        snprintf(text, sizeof text, "{\"userId\":%s,\"lat\":1,\"lng\":2}", cases[i].json);
        struct seed_message message = decode(text);
        expect_id(&message.position.runner, cases[i].id);
        assert_int_equal(message.position.runner_is_number, cases[i].is_number);
    }
}

TEST(coordinates_keep_their_value_whatever_it_is)
{
    static const struct {
        const char *json;
        bool is_integer;
        int64_t integer;
        double real;
    } cases[] = {
        {"100", true, 100, 0},
        {"-0", true, 0, 0},
        {"9223372036854775807", true, INT64_MAX, 0},
        {"-9223372036854775808", true, INT64_MIN, 0},
        {"9223372036854775808", false, 0, 0x1p63},
        {"100000000000000000000", false, 0, 1e20},
        {"100.0", false, 0, 100},
        {"-0.0", false, 0, -0.0},
        {"1e2", false, 0, 100},
        {"4.9e-324", false, 0, DBL_TRUE_MIN},
        {"1e-400", false, 0, 0},
        {"1.7976931348623157e308", false, 0, DBL_MAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        snprintf(text, sizeof text,
                 "{\"userId\":9007199254740993,\"lat\":%s,\"lng\":-9007199254740993}",
                 cases[i].json);
        struct seed_message message = decode(text);
        struct coordinate lat = message.position.lat;
        assert_int_equal(lat.is_integer, cases[i].is_integer);
        if (lat.is_integer)
            assert_true(lat.integer == cases[i].integer);
        else
            assert_memory_equal(&lat.real, &cases[i].real, sizeof lat.real);
        expect_id(&message.position.runner, "9007199254740993");
        assert_true(message.position.lng.is_integer);
        assert_true(message.position.lng.integer == INT64_C(-9007199254740993));
    }
}

#define BAD_ID "an id is an integer of 64 bits or a string of 1 to 64 bytes"

TEST(what_is_wrong_with_a_position_is_said_by_name)
{
    static const struct {
        const char *text;
        enum fault_code code;
        const char *said;
    } cases[] = {
        {"[1]", FAULT_not_an_object, "expected an object, got an array"},
        {"7", FAULT_not_an_object, "expected an object, got a number"},
        {"null", FAULT_not_an_object, "expected an object, got null"},
        {"{}", FAULT_missing_member, "userId: missing, a position needs it"},
        {"{\"userId\":7,\"lng\":1}", FAULT_missing_member, "lat: missing, a position needs it"},
        {"{\"userId\":7,\"lat\":1}", FAULT_missing_member, "lng: missing, a position needs it"},
        {"{\"userId\":7,\"lat\":\"48.8\",\"lng\":1}", FAULT_wrong_type,
         "lat: expected a number, got a string"},
        {"{\"userId\":7,\"lat\":1,\"lng\":null}", FAULT_wrong_type,
         "lng: expected a number, got null"},
        {"{\"userId\":7,\"lat\":1,\"lng\":true}", FAULT_wrong_type,
         "lng: expected a number, got true"},
        {"{\"userId\":null,\"lat\":1,\"lng\":2}", FAULT_bad_id, "userId: " BAD_ID},
        {"{\"userId\":true,\"lat\":1,\"lng\":2}", FAULT_bad_id, "userId: " BAD_ID},
        {"{\"userId\":7.0,\"lat\":1,\"lng\":2}", FAULT_bad_id, "userId: " BAD_ID},
        {"{\"userId\":\"\",\"lat\":1,\"lng\":2}", FAULT_bad_id, "userId: " BAD_ID},
        {"{\"userId\":[7],\"lat\":1,\"lng\":2}", FAULT_bad_id, "userId: " BAD_ID},
        {"{\"userId\":9223372036854775808,\"lat\":1,\"lng\":2}", FAULT_bad_id, "userId: " BAD_ID},
        {"{\"userId\":\"" X64 "x\",\"lat\":1,\"lng\":2}", FAULT_id_too_long,
         "userId: an id has at most 64 bytes, this one has 65"},
        {"{\"userId\":7,\"lat\":1e400,\"lng\":2}", FAULT_bad_number,
         "line 1, column 23: the number is too large to be a double"},
        {"{\"initialRequest\":1,\"following\":[]}", FAULT_wrong_type,
         "initialRequest: expected true or false, got a number"},
        {"{\"initialRequest\":\"true\",\"following\":[]}", FAULT_wrong_type,
         "initialRequest: expected true or false, got a string"},
        {"{\"userId\": 7, \"lat\": }", FAULT_bad_json, "line 1, column 22: this is not JSON here"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_fault(cases[i].text, cases[i].code, cases[i].said);
}

TEST(what_is_wrong_with_a_follow_message_is_said_by_name_and_place)
{
    static const struct {
        const char *rest;
        enum fault_code code;
        const char *said;
    } cases[] = {
        {"\"userId\":7", FAULT_missing_member, "following: missing, a follow message needs it"},
        {"\"following\":7", FAULT_wrong_type, "following: expected an array of ids, got a number"},
        {"\"following\":null", FAULT_wrong_type, "following: expected an array of ids, got null"},
        {"\"following\":[1,2,1.5]", FAULT_bad_id, "following[2]: " BAD_ID},
        {"\"following\":[null]", FAULT_bad_id, "following[0]: " BAD_ID},
        {"\"following\":[1,-9223372036854775809]", FAULT_bad_id, "following[1]: " BAD_ID},
        {"\"following\":[1,\"" X64 "xx\"]", FAULT_id_too_long,
         "following[1]: an id has at most 64 bytes, this one has 66"},
        {"\"following\":[1,2,3,4]", FAULT_too_many_follows,
         "following: 4 ids, at most 3 are taken"},
        {"\"following\":[1],\"snapshot\":1", FAULT_wrong_type,
         "snapshot: expected true or false, got a number"},
        {"\"following\":[1],\"every\":-1", FAULT_bad_pace,
         "every: expected milliseconds from 0 to 60000, got another"},
        {"\"following\":[1],\"every\":60001", FAULT_bad_pace,
         "every: expected milliseconds from 0 to 60000, got another"},
        {"\"following\":[1],\"every\":\"1s\"", FAULT_bad_pace,
         "every: expected milliseconds from 0 to 60000, got a string"},
        {"\"following\":[1],\"userId\":false", FAULT_bad_id, "userId: " BAD_ID},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[512];
        snprintf(text, sizeof text, "{\"initialRequest\":true,%s}", cases[i].rest);
        expect_fault(text, cases[i].code, cases[i].said);
    }
}

TEST(the_errors_of_the_protocol_document_are_these)
{
    expect_fault_of(&(struct seed_limits){.max_ids = 10},
                    "{\"initialRequest\": true, \"following\": [7, 8, \"\", 9]}", FAULT_bad_id,
                    "following[2]: an id is an integer of 64 bits or a string of 1 to 64 bytes");
    expect_fault("{\"userId\": 7, \"lat\": \"48.8568\", \"lng\": 2.2927}", FAULT_wrong_type,
                 "lat: expected a number, got a string");
    expect_fault("{\"userId\": 7, \"lat\": 48.8568,", FAULT_bad_json,
                 "line 1, column 29: the text ends in the middle of a value");
}

TEST(the_own_id_in_a_follow_message_is_optional)
{
    struct seed_message message = decode("{\"initialRequest\":true,\"following\":[1]}");
    assert_int_equal(message.id_count, 1);
    seed_message_fini(&message);
    message = decode("{\"initialRequest\":true,\"following\":[1],\"userId\":null}");
    assert_int_equal(message.id_count, 1);
    seed_message_fini(&message);
}

TEST(nothing_that_a_peer_wrote_is_repeated_to_it)
{
    static const char *const texts[] = {"{\"secret\" 1}", "secret", "{\"userId\":\"secret",
                                        "{\"userId\":{\"secret\":1},\"lat\":1,\"lng\":1}",
                                        "{\"userId\":1,\"lat\":\"secret\",\"lng\":1}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct seed_message message = {0};
        struct fault fault = {0};
        assert_int_equal(seed_decode(span_of_text(texts[i]), &three_ids, &message, &fault),
                         ERR_FORMAT);
        assert_null(strstr(fault.message, "secret"));
    }
}

TEST(a_message_struct_is_reused_from_text_to_text)
{
    struct seed_message message = {0};
    struct fault fault = {0};
    struct seed_limits limits = {.max_ids = 100};
    static const char *const texts[] = {
        "{\"initialRequest\":true,\"following\":[1,2],\"snapshot\":true}",
        "{\"userId\":7,\"lat\":1,\"lng\":2}",
        "{\"initialRequest\":true,\"following\":[4,5,6,7,8,9]}",
        "{\"initialRequest\":true,\"following\":[3,true]}",
        "{\"initialRequest\":true,\"following\":[3]}",
    };
    static const size_t counts[] = {2, 0, 6, 0, 1};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        seed_decode(span_of_text(texts[i]), &limits, &message, &fault);
        assert_int_equal(message.id_count, counts[i]);
        assert_int_equal(message.snapshot, i == 0);
    }
    expect_id(&message.ids[0], "3");
    seed_message_fini(&message);
    assert_null(message.ids);
}

static char *long_follow_message(size_t count)
{
    char *text = malloc(64 + count * 24);
    char *end = text + snprintf(text, 64, "{\"initialRequest\":true,\"following\":[");
    for (size_t i = 0; i < count; i++)
        end += snprintf(end, 24, "%s%zu", i == 0 ? "" : ",", i);
    memcpy(end, "]}", 3);
    return text;
}

TEST(a_long_follow_message_comes_whole)
{
    char *text = long_follow_message(10000);
    struct seed_limits limits = {.max_ids = 10000};
    struct seed_message message = {0};
    struct fault fault = {0};
    assert_int_equal(seed_decode(span_of_text(text), &limits, &message, &fault), 0);
    assert_int_equal(message.id_count, 10000);
    expect_id(&message.ids[9999], "9999");
    seed_message_fini(&message);
    free(text);
}

static void expect_clean_failures(const char *text)
{
    struct seed_limits limits = {.max_ids = 10000};
    int err = -1;
    for (long successes = 0; err != 0; successes++) {
        struct seed_message message = {0};
        struct fault fault = {0};
        mem_fail_after(successes);
        err = seed_decode(span_of_text(text), &limits, &message, &fault);
        mem_fail_after(-1);
        assert_true(err == 0 || (err == ERR_NO_MEMORY && fault.code == FAULT_out_of_memory));
        assert_int_equal(seed_decode(span_of_text(text), &limits, &message, &fault), 0);
        seed_message_fini(&message);
        assert_in_range(successes, 0, 100);
    }
}

TEST(memory_that_runs_out_anywhere_costs_one_message_only)
{
    char *text = long_follow_message(10000);
    expect_clean_failures(text);
    expect_clean_failures("{\"userId\":\"ann\",\"lat\":48.8568,\"lng\":100000000000000000000}");
    free(text);
}

TEST(a_position_is_decoded_without_asking_for_memory)
{
    mem_fail_after(0);
    struct seed_message message = decode("{\"userId\":\"" X64 "\",\"lat\":48.8568,\"lng\":2.2927}");
    mem_fail_after(-1);
    expect_id(&message.position.runner, X64);
}

TEST(no_memory_for_ids_is_told_as_such)
{
    struct seed_message message = {0};
    struct fault fault = {0};
    mem_fail_after(0);
    assert_int_equal(seed_decode(span_of_text("{\"initialRequest\":true,\"following\":[1,2]}"),
                                 &three_ids, &message, &fault),
                     ERR_NO_MEMORY);
    mem_fail_after(-1);
    assert_int_equal(fault.code, FAULT_out_of_memory);
    assert_string_equal(fault.message, "following: no memory for 2 ids");
}

/* --- tokens --------------------------------------------------------------------------------------------------------- */

static void expect_token(const char *text, const char *token)
{
    struct seed_message message = decode(text);
    assert_int_equal(message.kind, SEED_TOKEN);
    if (!span_equals(buf_span(&message.token), span_of_text(token)))
        fail_msg("%s: another token", text);
    seed_message_fini(&message);
}

TEST(a_token_message_holds_a_token_as_it_is)
{
    expect_token("{\"token\": \"a.b.c\"}", "a.b.c");
    expect_token("{\"token\": \"\", \"userId\": 7}", "");
    expect_token("{\"initialRequest\": false, \"token\": \"\\u0041\"}", "A");
}

TEST(a_position_or_a_follow_message_may_have_a_member_of_that_name)
{
    struct seed_message message = decode("{\"userId\":7,\"lat\":1,\"lng\":2,\"token\":\"a\"}");
    assert_int_equal(message.kind, SEED_POSITION);
    seed_message_fini(&message);
    message = decode("{\"initialRequest\":true,\"following\":[7],\"token\":\"a\"}");
    assert_int_equal(message.kind, SEED_FOLLOW);
    seed_message_fini(&message);
}

TEST(a_token_that_is_no_string_is_refused)
{
    expect_fault("{\"token\": 7}", FAULT_wrong_type, "token: expected a string, got a number");
    expect_fault("{\"token\": null}", FAULT_wrong_type, "token: expected a string, got null");
}

TEST(a_follow_message_tells_the_clients_own_id)
{
    struct seed_message message = decode("{\"initialRequest\":true,\"following\":[],\"userId\":9}");
    expect_id(&message.user, "9");
    seed_message_fini(&message);
    message = decode("{\"initialRequest\":true,\"following\":[],\"userId\":null}");
    assert_int_equal(message.user.len, 0);
    seed_message_fini(&message);
}
