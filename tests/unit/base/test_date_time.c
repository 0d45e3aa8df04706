#include "base/date_time.h"

#include "tests/lib/guard.h"
#include "tests/lib/test.h"

static int64_t parsed_ms(const char *text)
{
    int64_t time_ms = INT64_MIN;
    struct guard guard = guard_copy(text, strlen(text));
    if (!date_time_parse(span_of(guard.data, guard.len), DATE_TIME_RFC3339, &time_ms))
        fail_msg("refused: %s", text);
    guard_fini(&guard);
    return time_ms;
}

static void refuses(const char *text)
{
    int64_t time_ms = 42;
    struct guard guard = guard_copy(text, strlen(text));
    if (date_time_parse(span_of(guard.data, guard.len), DATE_TIME_RFC3339, &time_ms))
        fail_msg("taken: %s", text);
    guard_fini(&guard);
    assert_int_equal(time_ms, 42);
}

static void writes(int64_t time_ms, const char *expected)
{
    char text[DATE_TIME_BYTES + 1];
    char *end = date_time_write(text, time_ms);
    assert_true(end <= text + DATE_TIME_BYTES);
    *end = '\0';
    assert_string_equal(text, expected);
}

/* RFC 3339 section 5.8. */
TEST(the_examples_of_the_rfc_are_times)
{
    assert_int_equal(parsed_ms("1985-04-12T23:20:50.52Z"), 482196050520);
    assert_int_equal(parsed_ms("1996-12-19T16:39:57-08:00"), 851042397000);
    assert_int_equal(parsed_ms("1990-12-31T23:59:60Z"), 662688000000);
    assert_int_equal(parsed_ms("1990-12-31T15:59:60-08:00"), 662688000000);
    assert_int_equal(parsed_ms("1937-01-01T12:00:27.87+00:20"), -1041337172130);
}

TEST(its_letters_may_be_small)
{
    assert_int_equal(parsed_ms("1970-01-01t00:00:01z"), 1000);
}

TEST(an_offset_of_nearly_a_day_is_taken_off)
{
    assert_int_equal(parsed_ms("1970-01-02T00:00:00+23:59"), 60000);
    assert_int_equal(parsed_ms("1970-01-01T00:00:00-00:00"), 0);
}

TEST(what_is_no_time_of_the_rfc_is_refused)
{
    static const char *const wrong[] = {
        "",
        "2024-01-01",
        "2024-01-01T00:00:00",
        "2024-01-01 00:00:00Z",
        " 2024-01-01T00:00:00Z",
        "2024-01-01T00:00:00Z ",
        "2024-01-01T24:00:00Z",
        "2024-01-01T00:00Z",
        "2024-02-30T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-01-01T00:60:00Z",
        "2024-01-01T00:00:61Z",
        "2024-01-01T00:00:00.Z",
        "2024-01-01T00:00:00,5Z",
        "2024-01-01T00:00:00+0200",
        "2024-01-01T00:00:00+24:00",
        "2024-01-01T00:00:00+02:60",
        "2024-01-01T00:00:00ZZ",
        "20240101T000000Z",
        "1732600000000",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        refuses(wrong[i]);
}

TEST(a_time_is_written_in_utc)
{
    writes(0, "1970-01-01T00:00:00Z");
    writes(1709210096007, "2024-02-29T12:34:56.007Z");
    writes(-1, "1969-12-31T23:59:59.999Z");
    writes(951782400000, "2000-02-29T00:00:00Z");
}

TEST(what_is_beyond_the_calendar_is_written_as_its_end)
{
    writes(DATE_TIME_FIRST_MS, "0001-01-01T00:00:00Z");
    writes(DATE_TIME_LAST_MS, "9999-12-31T23:59:59.999Z");
    writes(INT64_MIN, "0001-01-01T00:00:00Z");
    writes(INT64_MAX, "9999-12-31T23:59:59.999Z");
}

TEST(what_is_written_reads_back)
{
    int64_t step_ms = INT64_C(86399) * 1000 * 7 + 13;
    for (int64_t at_ms = DATE_TIME_FIRST_MS; at_ms < DATE_TIME_LAST_MS; at_ms += step_ms) {
        char text[DATE_TIME_BYTES];
        int64_t read_ms = 0;
        size_t len = (size_t)(date_time_write(text, at_ms) - text);
        assert_true(date_time_parse(span_of(text, len), DATE_TIME_RFC3339, &read_ms));
        assert_int_equal(read_ms, at_ms);
    }
}
