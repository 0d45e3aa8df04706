#include "course/gpx_time.h"

#include <stdio.h>

#include "tests/lib/test.h"

static int64_t parsed_ms(const char *text)
{
    int64_t time_ms = INT64_MIN;
    if (!gpx_time_parse(span_of_text(text), &time_ms))
        fail_msg("refused: %s", text);
    return time_ms;
}

static void refuses(const char *text)
{
    int64_t time_ms = 42;
    if (gpx_time_parse(span_of_text(text), &time_ms))
        fail_msg("taken: %s", text);
    assert_int_equal(time_ms, 42);
}

TEST(a_time_is_milliseconds_since_1970)
{
    assert_int_equal(parsed_ms("1970-01-01T00:00:00Z"), 0);
    assert_int_equal(parsed_ms("2001-09-09T01:46:40Z"), 1000000000000);
    assert_int_equal(parsed_ms("2024-02-29T12:34:56Z"), 1709210096000);
    assert_int_equal(parsed_ms("2038-01-19T03:14:08Z"), 2147483648000);
}

TEST(years_far_away_are_only_numbers)
{
    assert_int_equal(parsed_ms("1969-12-31T23:59:59Z"), -1000);
    assert_int_equal(parsed_ms("0001-01-01T00:00:00Z"), -62135596800000);
    assert_int_equal(parsed_ms("7528-03-01T00:00:00Z"), 175398652800000);
    assert_int_equal(parsed_ms("9999-12-31T23:59:59.999Z"), 253402300799999);
}

TEST(a_fraction_of_any_length_is_cut_to_milliseconds)
{
    assert_int_equal(parsed_ms("1970-01-01T00:00:01.5Z"), 1500);
    assert_int_equal(parsed_ms("1970-01-01T00:00:01.007Z"), 1007);
    assert_int_equal(parsed_ms("1970-01-01T00:00:01.9999999999999999999999Z"), 1999);
}

TEST(an_offset_is_taken_off)
{
    assert_int_equal(parsed_ms("1970-01-01T02:00:00+02:00"), 0);
    assert_int_equal(parsed_ms("1969-12-31T18:30:00.250-05:30"), 250);
    assert_int_equal(parsed_ms("1970-01-01T00:00:00+00:00"), 0);
    assert_int_equal(parsed_ms("1970-01-01T14:00:00+14:00"), 0);
}

TEST(a_time_without_zone_is_utc)
{
    assert_int_equal(parsed_ms("1970-01-01T00:00:01"), 1000);
}

TEST(midnight_and_leap_seconds_carry_over)
{
    assert_int_equal(parsed_ms("1970-01-01T24:00:00Z"), 86400000);
    assert_int_equal(parsed_ms("1970-01-01T23:59:60Z"), 86400000);
}

TEST(white_space_around_it_is_fine)
{
    assert_int_equal(parsed_ms("\n\t 1970-01-01T00:00:01Z \r\n"), 1000);
}

TEST(every_day_of_four_centuries_follows_the_one_before)
{
    static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t expected_ms = parsed_ms("1999-12-31T00:00:00Z");
    for (int year = 2000; year < 2400; year++) {
        bool is_leap = year % 4 == 0 && (year % 100 != 0 || year == 2000);
        for (int month = 0; month < 12; month++) {
            for (int day = 0; day < month_days[month] + (month == 1 && is_leap); day++) {
                char text[32];
                snprintf(text, sizeof text, "%04d-%02d-%02dT00:00:00Z", year, month + 1, day + 1);
                expected_ms += 86400000;
                assert_int_equal(parsed_ms(text), expected_ms);
            }
        }
    }
}

TEST(what_is_not_a_time_is_refused)
{
    static const char *const wrong[] = {
        "",
        "Z",
        "2024",
        "2024-01-01",
        "2024-01-01 00:00:00Z",
        "2024-1-1T00:00:00Z",
        "24-01-01T00:00:00Z",
        "12024-01-01T00:00:00Z",
        "-2024-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "2024-00-01T00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-01-00T00:00:00Z",
        "2024-01-32T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2024-04-31T00:00:00Z",
        "2024-01-01T25:00:00Z",
        "2024-01-01T24:00:01Z",
        "2024-01-01T24:00:00.5Z",
        "2024-01-01T00:60:00Z",
        "2024-01-01T00:00:61Z",
        "2024-01-01T00:00:00.Z",
        "2024-01-01T00:00:00,5Z",
        "2024-01-01T00:00:00z",
        "2024-01-01T00:00:00+2",
        "2024-01-01T00:00:00+0200",
        "2024-01-01T00:00:00+02:60",
        "2024-01-01T00:00:00+15:00",
        "2024-01-01T00:00:00ZZ",
        "2024-01-01T00:00:00Z x",
        "2024-01-01T00:00:0\xc2\xa0Z",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        refuses(wrong[i]);
}
