#include "proto/fix_time.h"

#include "tests/lib/test.h"

#define NOW_MS INT64_C(1790000000000) /* in September 2026 */
#define SECOND_MS INT64_C(1000)
#define WEEK_MS (7 * 86400 * SECOND_MS)

static void expect(int64_t claim_ms, enum fix_time judgement, int64_t time_ms)
{
    int64_t given_ms = claim_ms;
    assert_int_equal(fix_time_judge(&given_ms, NOW_MS), judgement);
    assert_int_equal(given_ms, time_ms);
}

TEST(what_is_past_is_taken_however_late_it_comes)
{
    expect(NOW_MS, FIX_TIME_TAKEN, NOW_MS);
    expect(NOW_MS - 3600 * SECOND_MS, FIX_TIME_TAKEN, NOW_MS - 3600 * SECOND_MS);
    expect(FIX_TIME_FIRST_MS, FIX_TIME_TAKEN, FIX_TIME_FIRST_MS);
}

TEST(a_clock_some_seconds_ahead_counts_as_now)
{
    expect(NOW_MS + 1, FIX_TIME_CLAMPED, NOW_MS);
    expect(NOW_MS + FIX_TIME_AHEAD_MAX_MS, FIX_TIME_CLAMPED, NOW_MS);
}

TEST(what_is_further_ahead_is_refused)
{
    expect(NOW_MS + FIX_TIME_AHEAD_MAX_MS + 1, FIX_TIME_REFUSED,
           NOW_MS + FIX_TIME_AHEAD_MAX_MS + 1);
    expect(INT64_MAX, FIX_TIME_REFUSED, INT64_MAX);
}

TEST(a_missed_rollover_is_made_good)
{
    int64_t true_ms = NOW_MS - 5 * SECOND_MS;
    expect(true_ms - 1024 * WEEK_MS, FIX_TIME_CORRECTED, true_ms);
    expect(true_ms - 2048 * WEEK_MS, FIX_TIME_CORRECTED, true_ms);
    expect(NOW_MS + SECOND_MS - 1024 * WEEK_MS, FIX_TIME_CORRECTED, NOW_MS);
}

TEST(a_time_since_2001_is_made_good)
{
    expect(NOW_MS - INT64_C(978307200000), FIX_TIME_CORRECTED, NOW_MS);
}

TEST(what_no_correction_brings_near_is_refused_when_it_is_older_than_the_devices)
{
    expect(0, FIX_TIME_REFUSED, 0);
    expect(FIX_TIME_FIRST_MS - 1, FIX_TIME_REFUSED, FIX_TIME_FIRST_MS - 1);
    expect(INT64_MIN, FIX_TIME_REFUSED, INT64_MIN);
}
