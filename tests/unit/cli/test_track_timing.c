#include "cli/track_timing.h"

#include "tests/lib/test.h"

#define DAY_S (24 * 3600LL)

static struct track_timing timing;

static uint64_t due_at(int64_t time_s)
{
    struct gpx_point point = {.has_time = true, .time_ms = time_s * 1000};
    return track_timing_due_ms(&timing, &point);
}

static uint64_t due_untimed(void)
{
    struct gpx_point point = {0};
    return track_timing_due_ms(&timing, &point);
}

TEST(points_are_as_far_apart_as_they_were)
{
    timing = track_timing_of(true);
    assert_int_equal(due_at(1000), 0);
    assert_int_equal(due_at(1001), 1000);
    assert_int_equal(due_at(1060), 60000);
}

TEST(a_point_without_time_is_due_with_the_one_before)
{
    timing = track_timing_of(true);
    assert_int_equal(due_untimed(), 0);
    assert_int_equal(due_at(1000), 0);
    assert_int_equal(due_at(1005), 5000);
    assert_int_equal(due_untimed(), 5000);
    assert_int_equal(due_at(1006), 6000);
}

TEST(a_track_without_times_has_a_point_a_second)
{
    timing = track_timing_of(false);
    assert_int_equal(due_untimed(), 0);
    assert_int_equal(due_untimed(), 1000);
    assert_int_equal(due_untimed(), 2000);
}

TEST(an_earlier_point_is_due_at_once_and_costs_no_time)
{
    timing = track_timing_of(true);
    assert_int_equal(due_at(1000), 0);
    assert_int_equal(due_at(1010), 10000);
    assert_int_equal(due_at(1004), 10000);
    assert_int_equal(due_at(1009), 10000);
    assert_int_equal(due_at(1011), 11000);
}

TEST(a_clock_that_jumps_by_more_than_a_day_holds_nobody_up)
{
    timing = track_timing_of(true);
    assert_int_equal(due_at(0), 0);
    assert_int_equal(due_at(1000000000), 0);
    assert_int_equal(due_at(1000000005), 5000);
    assert_int_equal(due_at(175398652800), 5000);
    assert_int_equal(due_at(1000000006), 5000);
    assert_int_equal(due_at(1000000009), 8000);
    assert_int_equal(due_at(1000000009 + DAY_S), 8000 + DAY_S * 1000);
}
