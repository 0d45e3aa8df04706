/* What is to be followed, as a query: what comes out, and what is refused. */
#include "proto/v1_query.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/guard.h"
#include "tests/lib/test.h"

static struct v1_message message;
static struct fault fault;

static int tear_down(void **state)
{
    (void)state;
    mem_fail_after(-1);
    v1_message_fini(&message);
    return 0;
}

TEST_TEARDOWN(tear_down);

static int decode_as(const char *query, const char *last_event_id)
{
    struct v1_limits limits = {.max_names = 5};
    return v1_decode_query(span_of_text(query), span_of_text(last_event_id), &limits, &message,
                           &fault);
}

static void decode(const char *query)
{
    assert_int_equal(decode_as(query, ""), 0);
}

static void expect_refused(const char *query, enum fault_code code)
{
    assert_int_equal(decode_as(query, ""), ERR_FORMAT);
    assert_int_equal(fault.code, code);
}

static void expect_names(const struct v1_names *names, const char *expected)
{
    char text[1024] = "";
    for (size_t i = 0; i < names->count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%.*s", i > 0 ? " " : "",
                 names->items[i].len, names->items[i].text);
    assert_string_equal(text, expected);
}

TEST(names_are_separated_by_commas_and_parameters_may_be_repeated)
{
    decode("follow=7,8&group=elite&x=y&follow=ann&group=*");
    expect_names(&message.runners, "7 8 ann");
    expect_names(&message.groups, "elite *");
    assert_int_equal(message.kind, V1_FOLLOW);
    assert_int_equal(message.since, V1_SINCE_NOTHING);
    assert_false(message.sets_pace);
}

TEST(what_is_percent_encoded_is_what_it_stands_for_a_comma_too)
{
    decode("f%6fllow=a%2Cb,%C3%A4,1+1,50%25,5%zz");
    expect_names(&message.runners, "a,b \xC3\xA4 1+1 50% 5%zz");
}

TEST(the_pace_is_rounded_up_to_a_tick)
{
    decode("follow=7&every=1001");
    assert_true(message.sets_pace);
    assert_int_equal(message.pace_ms, 1100);
    decode("follow=7&every=0");
    assert_int_equal(message.pace_ms, 0);
    decode("follow=7&every=60000");
    assert_int_equal(message.pace_ms, 60000);
}

TEST(the_last_event_counts_before_since_and_nonsense_is_unknown)
{
    struct cursor cursor = {.boot = 3, .origins = 1, .applied = {5}};
    struct cursor older = {.boot = 2, .origins = 1, .applied = {5}};
    char text[CURSOR_TEXT_BYTES + 1] = "";
    char query[2 * CURSOR_TEXT_BYTES] = "follow=7&since=";
    text[cursor_write(&cursor, text)] = '\0';
    size_t len = strlen(query);
    query[len + cursor_write(&older, query + len)] = '\0';
    decode(query);
    assert_int_equal(message.since, V1_SINCE_CURSOR);
    assert_int_equal(message.cursor.boot, 2);
    assert_int_equal(decode_as(query, text), 0);
    assert_int_equal(message.cursor.boot, 3);
    assert_int_equal(decode_as(query, "nonsense"), 0);
    assert_int_equal(message.since, V1_SINCE_UNKNOWN);
}

TEST(what_is_wrong_is_told)
{
    char longest[] = "follow=0123456789012345678901234567890123456789012345678901234567890123";
    char longer[] = "follow=01234567890123456789012345678901234567890123456789012345678901234";
    char endless[300] = "follow=";
    memset(endless + strlen(endless), 'a', 250);
    decode(longest);
    expect_refused(longer, FAULT_id_too_long);
    expect_refused(endless, FAULT_id_too_long);
    expect_refused("", FAULT_missing_member);
    expect_refused("every=100", FAULT_missing_member);
    expect_refused("follow=", FAULT_bad_id);
    expect_refused("follow", FAULT_bad_id);
    expect_refused("follow=7,,8", FAULT_bad_id);
    expect_refused("follow=7,", FAULT_bad_id);
    expect_refused("group=%ff", FAULT_bad_id);
    expect_refused("follow=1,2,3&group=a,b,c", FAULT_too_many_follows);
    decode("follow=1,2,3&group=a,b");
    expect_refused("follow=1&every=", FAULT_bad_pace);
    expect_refused("follow=1&every=1.5", FAULT_bad_pace);
    expect_refused("follow=1&every=60001", FAULT_bad_pace);
    expect_refused("follow=1&every=99999999999999999999", FAULT_bad_pace);
    expect_refused("follow=1&every=-1", FAULT_bad_pace);
}

TEST(without_memory_it_says_so)
{
    mem_fail_after(0);
    assert_int_equal(decode_as("follow=7", ""), ERR_NO_MEMORY);
    assert_int_equal(fault.code, FAULT_out_of_memory);
}

TEST(nothing_is_read_beyond_the_query)
{
    static const char query[] = "follow=7,%C3%A4&every=100&since=AQ";
    struct v1_limits limits = {.max_names = 5};
    for (size_t len = 0; len < sizeof query; len++) {
        struct guard guard = guard_copy(query, len);
        (void)v1_decode_query(span_of(guard.data, len), span_of(NULL, 0), &limits, &message,
                              &fault);
        guard_fini(&guard);
    }
}
