#include "proto/v1.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "proto/member.h"
#include "tests/lib/guard.h"
#include "tests/lib/same.h"
#include "tests/lib/test.h"

static struct v1_message message;
static struct fault fault;
static const struct v1_user ann = {.id = {.len = 3, .text = "ann"}};

static int decode_for(const struct v1_user *publishes, const char *text)
{
    struct v1_limits limits = {.max_names = 4, .max_positions = 3, .publishes = publishes};
    struct guard guard = guard_copy(text, strlen(text));
    int err = v1_decode(span_of(guard.data, guard.len), &limits, &message, &fault);
    guard_fini(&guard);
    return err;
}

static void takes(const char *text, enum v1_kind kind)
{
    if (decode_for(NULL, text) != 0)
        fail_msg("refused: %s: %s", text, fault.message);
    assert_int_equal(message.kind, kind);
    assert_true(message.index == V1_NO_INDEX);
}

static void refuses(const char *text, enum fault_code code, const char *why)
{
    if (decode_for(NULL, text) != ERR_FORMAT)
        fail_msg("taken: %s", text);
    assert_string_equal(fault.message, why);
    assert_string_equal(fault_name(fault.code), fault_name(code));
}

static void is_id(const struct runner_id *id, const char *text)
{
    assert_int_equal(id->len, strlen(text));
    assert_memory_equal(id->text, text, id->len);
}

static void is_request_id(const char *text)
{
    assert_int_equal(message.id.len, strlen(text));
    assert_memory_equal(message.id.text, text, message.id.len);
}

static void is_at(const struct position *position, int32_t lat_e7, int32_t lng_e7)
{
    int32_t lat = 0;
    int32_t lng = 0;
    assert_true(position_to_e7(position, &lat, &lng));
    assert_int_equal(lat, lat_e7);
    assert_int_equal(lng, lng_e7);
}

static int free_message(void **state)
{
    (void)state;
    v1_message_fini(&message);
    return 0;
}
TEST_TEARDOWN(free_message);

/* --- requests ------------------------------------------------------------------------------------------------------- */

TEST(a_request_is_an_object_with_a_type)
{
    refuses("7", FAULT_not_an_object, "expected an object, got a number");
    refuses("{}", FAULT_missing_member, "type: missing, a message needs it");
    refuses("{\"type\":7}", FAULT_wrong_type, "type: expected a string, got a number");
    refuses("{\"type\":\"Ping\"}", FAULT_unknown_type, "type: there is no message of this type");
    refuses("{\"type\":\"ping\\u0000\"}", FAULT_unknown_type,
            "type: there is no message of this type");
    refuses("{\"type\":\"ping\"", FAULT_bad_json,
            "line 1, column 14: the text ends in the middle of a value");
}

TEST(a_request_may_have_an_id_which_is_kept_as_it_will_be_repeated)
{
    takes("{\"type\":\"ping\",\"id\":7}", V1_PING);
    is_request_id("7");
    takes("{\"type\":\"ping\",\"id\":\"a \\\"b\\\" \\u0001\"}", V1_PING);
    is_request_id("\"a \\\"b\\\" \\u0001\"");
    takes("{\"type\":\"ping\",\"id\":-9223372036854775808}", V1_PING);
    is_request_id("-9223372036854775808");
    takes("{\"type\":\"ping\",\"id\":null}", V1_PING);
    is_request_id("");
    takes("{\"type\":\"ping\"}", V1_PING);
    is_request_id("");
}

TEST(an_id_of_another_form_is_refused)
{
    refuses("{\"type\":\"ping\",\"id\":1.5}", FAULT_bad_id,
            "id: an id is an integer of 64 bits or a string of 1 to 64 bytes");
    refuses("{\"type\":\"ping\",\"id\":\"1234567890123456789012345678901234567890123456789012345678"
            "9012345\"}",
            FAULT_id_too_long, "id: an id has at most 64 bytes, this one has 65");
}

TEST(a_request_that_is_refused_still_has_its_id)
{
    refuses("{\"type\":\"nonsense\",\"id\":\"x\"}", FAULT_unknown_type,
            "type: there is no message of this type");
    is_request_id("\"x\"");
}

TEST(members_that_are_not_known_are_ignored)
{
    takes("{\"type\":\"ping\",\"time\":1,\"more\":{\"a\":[]}}", V1_PING);
}

/* --- hello, token --------------------------------------------------------------------------------------------------- */

TEST(hello_may_bring_a_token_and_a_runner)
{
    takes("{\"type\":\"hello\",\"id\":1,\"token\":\"eyJ.e.s\",\"userId\":7}", V1_HELLO);
    assert_int_equal(message.token.len, 7);
    assert_memory_equal(message.token.data, "eyJ.e.s", 7);
    is_id(&message.user.id, "7");
    assert_true(message.user.is_number);
    takes("{\"type\":\"hello\",\"token\":null}", V1_HELLO);
    assert_int_equal(message.token.len, 0);
    assert_int_equal(message.user.id.len, 0);
}

TEST(hello_is_refused_when_they_are_none)
{
    refuses("{\"type\":\"hello\",\"token\":7}", FAULT_wrong_type,
            "token: expected a string, got a number");
    refuses("{\"type\":\"hello\",\"userId\":\"\"}", FAULT_bad_id,
            "userId: an id is an integer of 64 bits or a string of 1 to 64 bytes");
}

TEST(a_token_message_needs_its_token)
{
    takes("{\"type\":\"token\",\"id\":6,\"token\":\"eyJ.e.s\"}", V1_TOKEN);
    assert_memory_equal(message.token.data, "eyJ.e.s", 7);
    refuses("{\"type\":\"token\"}", FAULT_missing_member,
            "token: missing, a token message needs it");
    refuses("{\"type\":\"token\",\"token\":null}", FAULT_wrong_type,
            "token: expected a string, got null");
}

/* --- follow, unfollow ----------------------------------------------------------------------------------------------- */

TEST(follow_names_runners_groups_a_cursor_and_a_pace)
{
    takes("{\"type\":\"follow\",\"id\":2,\"runners\":[7,\"8\"],\"groups\":[\"*\",\"elite\"],"
          "\"since\":\"AQECAwQFBgcICQEF\",\"every\":1001}",
          V1_FOLLOW);
    assert_int_equal(message.runners.count, 2);
    is_id(&message.runners.items[0], "7");
    is_id(&message.runners.items[1], "8");
    assert_int_equal(message.groups.count, 2);
    is_id(&message.groups.items[0], V1_GROUP_ALL);
    is_id(&message.groups.items[1], "elite");
    assert_int_equal(message.since, V1_SINCE_CURSOR);
    assert_int_equal(message.cursor.boot, 9);
    assert_int_equal(message.cursor.origins, 1);
    assert_true(message.cursor.applied[0] == 5);
    assert_true(message.sets_pace);
    assert_int_equal(message.pace_ms, 1100);
}

TEST(follow_needs_nothing)
{
    takes("{\"type\":\"follow\",\"runners\":[1],\"since\":\"x\",\"every\":0}", V1_FOLLOW);
    takes("{\"type\":\"follow\",\"runners\":null,\"since\":null,\"every\":null}", V1_FOLLOW);
    assert_int_equal(message.runners.count, 0);
    assert_int_equal(message.groups.count, 0);
    assert_int_equal(message.since, V1_SINCE_NOTHING);
    assert_false(message.sets_pace);
}

/* The answer to it is a reset, as to that of another server: then a client is never stuck with what it keeps. */
TEST(a_text_that_is_no_cursor_is_an_unknown_one)
{
    takes("{\"type\":\"follow\",\"since\":\"yesterday\"}", V1_FOLLOW);
    assert_int_equal(message.since, V1_SINCE_UNKNOWN);
    takes("{\"type\":\"follow\",\"since\":\"\"}", V1_FOLLOW);
    assert_int_equal(message.since, V1_SINCE_UNKNOWN);
    refuses("{\"type\":\"follow\",\"since\":7}", FAULT_wrong_type,
            "since: expected a cursor, a string, got a number");
}

TEST(a_name_that_is_none_is_told_with_its_place)
{
    refuses("{\"type\":\"follow\",\"runners\":[1,true]}", FAULT_bad_id,
            "runners[1]: an id is an integer of 64 bits or a string of 1 to 64 bytes");
    refuses("{\"type\":\"unfollow\",\"groups\":[\"a\",\"\"]}", FAULT_bad_id,
            "groups[1]: the name of a group is a string of 1 to 64 bytes");
    refuses("{\"type\":\"follow\",\"groups\":[7]}", FAULT_bad_id,
            "groups[0]: the name of a group is a string of 1 to 64 bytes");
    refuses("{\"type\":\"follow\",\"runners\":7}", FAULT_wrong_type,
            "runners: expected an array, got a number");
    refuses("{\"type\":\"follow\",\"every\":60001}", FAULT_bad_pace,
            "every: expected milliseconds from 0 to 60000, got another");
}

TEST(runners_and_groups_count_together)
{
    takes("{\"type\":\"follow\",\"runners\":[1,2],\"groups\":[\"a\",\"b\"]}", V1_FOLLOW);
    refuses("{\"type\":\"follow\",\"runners\":[1,2,3],\"groups\":[\"a\",\"b\"]}",
            FAULT_too_many_follows, "runners, groups: 5 names, at most 4 are taken");
}

TEST(unfollow_names_runners_and_groups)
{
    takes("{\"type\":\"unfollow\",\"id\":3,\"runners\":[7],\"groups\":[\"elite\"]}", V1_UNFOLLOW);
    is_id(&message.runners.items[0], "7");
    is_id(&message.groups.items[0], "elite");
}

/* --- positions ------------------------------------------------------------------------------------------------------ */

TEST(a_position_says_who_where_when_and_more)
{
    takes("{\"type\":\"position\",\"id\":4,\"userId\":7,\"lat\":48.85680004,\"lng\":2.2927,"
          "\"time\":1732600000000,\"altitude\":-3.456,\"accuracy\":4.5,\"speed\":3.25,"
          "\"heading\":271.5,\"battery\":80.4}",
          V1_POSITION);
    const struct position *position = &message.positions[0];
    assert_int_equal(message.position_count, 1);
    is_id(&position->runner, "7");
    assert_true(position->runner_is_number);
    is_at(position, 488568000, 22927000);
    assert_false(position->time_is_arrival);
    assert_int_equal(position->time_ms, 1732600000000);
    assert_int_equal(position->detail.has, 31);
    assert_int_equal(position->detail.altitude_cm, -346);
    assert_int_equal(position->detail.accuracy_cm, 450);
    assert_int_equal(position->detail.speed_cmps, 325);
    assert_int_equal(position->detail.heading_cdeg, 27150);
    assert_int_equal(position->detail.battery_percent, 80);
}

TEST(a_position_needs_but_a_runner_and_a_place)
{
    takes("{\"type\":\"position\",\"userId\":\"ann\",\"lat\":-90,\"lng\":180,\"time\":null,"
          "\"speed\":null}",
          V1_POSITION);
    const struct position *position = &message.positions[0];
    is_id(&position->runner, "ann");
    assert_false(position->runner_is_number);
    is_at(position, -900000000, 1800000000);
    assert_true(position->time_is_arrival);
    assert_int_equal(position->time_ms, 0);
    assert_int_equal(position->detail.has, 0);
}

TEST(a_time_may_be_a_text)
{
    takes("{\"type\":\"position\",\"userId\":7,\"lat\":1,\"lng\":2,"
          "\"time\":\"2024-11-26T07:46:40.5+02:00\"}",
          V1_POSITION);
    assert_int_equal(message.positions[0].time_ms, 1732600000500);
    assert_false(message.positions[0].time_is_arrival);
}

TEST(a_time_of_another_form_is_refused)
{
    static const char *const times[] = {"true", "1.5", "1e12", "\"\"", "\"2024-11-26\"", "[1]"};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        char text[128];
        snprintf(text, sizeof text,
                 "{\"type\":\"position\",\"userId\":7,\"lat\":1,\"lng\":2,\"time\":%s}", times[i]);
        refuses(text, FAULT_bad_time,
                "time: expected whole milliseconds since 1970, or a text as in RFC 3339");
    }
}

TEST(a_place_that_is_nowhere_is_refused)
{
    static const char *const nowhere[][2] = {
        {"90.1", "0"}, {"-90.1", "0"}, {"1", "180.0000001"}, {"1", "-181"}, {"1e308", "-1e308"}};
    for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++) {
        char text[128];
        snprintf(text, sizeof text, "{\"type\":\"position\",\"userId\":7,\"lat\":%s,\"lng\":%s}",
                 nowhere[i][0], nowhere[i][1]);
        refuses(text, FAULT_bad_position,
                "lat, lng: expected a latitude from -90 to 90 and a longitude from -180 to 180");
    }
    refuses("{\"type\":\"position\",\"userId\":7,\"lat\":0,\"lng\":-0.0}", FAULT_bad_position,
            "lat, lng: 0,0 is what devices say that don't know where they are");
    takes("{\"type\":\"position\",\"userId\":7,\"lat\":0,\"lng\":0.0000001}", V1_POSITION);
}

TEST(what_a_position_lacks_is_told)
{
    refuses("{\"type\":\"position\",\"lat\":1,\"lng\":2}", FAULT_missing_member,
            "userId: missing, a position needs it");
    refuses("{\"type\":\"position\",\"userId\":7,\"lng\":2}", FAULT_missing_member,
            "lat: missing, a position needs it");
    refuses("{\"type\":\"position\",\"userId\":7,\"lat\":1,\"lng\":null}", FAULT_missing_member,
            "lng: missing, a position needs it");
    refuses("{\"type\":\"position\",\"userId\":7,\"lat\":\"1\",\"lng\":2}", FAULT_wrong_type,
            "lat: expected a number, got a string");
    assert_true(message.index == V1_NO_INDEX);
}

TEST(a_detail_out_of_range_is_refused)
{
    static const char *const details[][2] = {
        {"\"altitude\":-12000.01", "altitude: expected metres from -12000 to 100000"},
        {"\"accuracy\":-0.1", "accuracy: expected metres from 0 to 1000000"},
        {"\"speed\":1000.1", "speed: expected metres a second from 0 to 1000"},
        {"\"heading\":360.1", "heading: expected degrees from 0 to 360"},
        {"\"battery\":1e300", "battery: expected percent from 0 to 100"},
    };
    for (size_t i = 0; i < sizeof details / sizeof *details; i++) {
        char text[128];
        snprintf(text, sizeof text, "{\"type\":\"position\",\"userId\":7,\"lat\":1,\"lng\":2,%s}",
                 details[i][0]);
        refuses(text, FAULT_bad_position, details[i][1]);
    }
    refuses("{\"type\":\"position\",\"userId\":7,\"lat\":1,\"lng\":2,\"speed\":\"3\"}",
            FAULT_wrong_type, "speed: expected a number, got a string");
}

TEST(north_is_a_heading_of_0_however_it_is_written)
{
    takes("{\"type\":\"position\",\"userId\":7,\"lat\":1,\"lng\":2,\"heading\":360}", V1_POSITION);
    assert_int_equal(message.positions[0].detail.heading_cdeg, 0);
    takes("{\"type\":\"position\",\"userId\":7,\"lat\":1,\"lng\":2,\"heading\":359.999}",
          V1_POSITION);
    assert_int_equal(message.positions[0].detail.heading_cdeg, 0);
    assert_int_equal(message.positions[0].detail.has, POSITION_HEADING);
}

TEST(many_positions_come_in_one_message)
{
    takes("{\"type\":\"positions\",\"id\":5,\"userId\":7,\"positions\":[{\"lat\":1,\"lng\":2},"
          "{\"userId\":\"ann\",\"lat\":3,\"lng\":4,\"time\":1732600000000}]}",
          V1_POSITIONS);
    assert_int_equal(message.position_count, 2);
    is_id(&message.positions[0].runner, "7");
    is_id(&message.positions[1].runner, "ann");
    is_at(&message.positions[1], 30000000, 40000000);
    takes("{\"type\":\"positions\",\"positions\":[]}", V1_POSITIONS);
    assert_int_equal(message.position_count, 0);
}

TEST(a_bad_position_among_many_is_told_with_its_index)
{
    refuses(
        "{\"type\":\"positions\",\"userId\":7,\"positions\":[{\"lat\":1,\"lng\":2},"
        "{\"lat\":91,\"lng\":2}]}",
        FAULT_bad_position,
        "positions[1].lat, lng: expected a latitude from -90 to 90 and a longitude from -180 to "
        "180");
    assert_int_equal(message.index, 1);
    refuses("{\"type\":\"positions\",\"positions\":[{\"lat\":1,\"lng\":2}]}", FAULT_missing_member,
            "positions[0].userId: missing, a position needs it");
    assert_int_equal(message.index, 0);
    refuses("{\"type\":\"positions\",\"userId\":7,\"positions\":[7]}", FAULT_wrong_type,
            "positions[0]: expected an object, got a number");
    assert_int_equal(message.index, 0);
}

TEST(too_many_positions_are_refused)
{
    refuses("{\"type\":\"positions\",\"positions\":[1,2,3,4]}", FAULT_too_many_positions,
            "positions: 4 of them, at most 3 are taken");
    refuses("{\"type\":\"positions\"}", FAULT_missing_member,
            "positions: missing, a message of positions needs it");
    refuses("{\"type\":\"positions\",\"positions\":{}}", FAULT_wrong_type,
            "positions: expected an array, got an object");
}

TEST(who_said_hello_need_not_name_itself)
{
    assert_int_equal(decode_for(&ann, "{\"type\":\"position\",\"lat\":1,\"lng\":2}"), 0);
    is_id(&message.positions[0].runner, "ann");
    assert_int_equal(decode_for(&ann,
                                "{\"type\":\"positions\",\"positions\":[{\"lat\":1,\"lng\":2},"
                                "{\"userId\":7,\"lat\":1,\"lng\":2}]}"),
                     0);
    is_id(&message.positions[0].runner, "ann");
    is_id(&message.positions[1].runner, "7");
    assert_true(message.positions[1].runner_is_number);
}

TEST(nothing_of_a_message_is_left_in_the_next)
{
    takes("{\"type\":\"hello\",\"id\":1,\"token\":\"t\",\"userId\":7}", V1_HELLO);
    takes("{\"type\":\"follow\",\"runners\":[7],\"groups\":[\"*\"],\"since\":\"x\",\"every\":100}",
          V1_FOLLOW);
    takes("{\"type\":\"position\",\"userId\":7,\"lat\":1,\"lng\":2,\"speed\":1}", V1_POSITION);
    takes("{\"type\":\"ping\"}", V1_PING);
    assert_int_equal(message.id.len + message.user.id.len, 0);
    assert_true(message.token.len + message.runners.count + message.groups.count == 0);
    assert_true(message.position_count == 0 && message.since == V1_SINCE_NOTHING);
    assert_true(!message.sets_pace && message.pace_ms == 0);
}

TEST(a_message_without_memory_is_refused_and_leaks_nothing)
{
    static const char *const texts[] = {
        "{\"type\":\"hello\",\"token\":\"eyJ.e.s\"}",
        "{\"type\":\"follow\",\"runners\":[7,8],\"groups\":[\"*\"]}",
        "{\"type\":\"positions\",\"userId\":7,\"positions\":[{\"lat\":1,\"lng\":2}]}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int err = ERR_NO_MEMORY;
        for (long n = 0; err < 0; n++) {
            v1_message_fini(&message);
            mem_fail_after(n);
            err = decode_for(NULL, texts[i]);
            mem_fail_after(-1);
            assert_true(err == 0 || (err == ERR_NO_MEMORY && fault.code == FAULT_out_of_memory));
            assert_true(n < 10);
        }
    }
}
