#include "auth/key_schedule.h"

#include "tests/lib/test.h"

#define NO_LUCK 0
#define MOST_LUCK UINT32_MAX
#define MINUTE_MS 60000U

static struct key_schedule schedule_at(uint64_t now_ms)
{
    struct key_schedule_limits limits = {.refresh_ms = 600000, .min_interval_ms = 10000};
    return key_schedule_starting(limits, now_ms);
}

/* One that has been fetched well at `now_ms`. */
static struct key_schedule fetched_at(uint64_t now_ms)
{
    struct key_schedule schedule = schedule_at(now_ms);
    key_schedule_begin(&schedule, now_ms);
    key_schedule_succeed(&schedule, now_ms, KEY_SCHEDULE_NO_AGE, NO_LUCK);
    return schedule;
}

static uint64_t wait_after_age(uint64_t max_age_ms)
{
    struct key_schedule schedule = schedule_at(1000);
    key_schedule_begin(&schedule, 1000);
    key_schedule_succeed(&schedule, 1000, max_age_ms, NO_LUCK);
    return key_schedule_wait_ms(&schedule, 1000);
}

TEST(the_first_fetch_is_due_at_once)
{
    struct key_schedule schedule = schedule_at(5000);
    assert_int_equal(key_schedule_wait_ms(&schedule, 5000), 0);
}

TEST(while_one_is_under_way_there_is_no_other)
{
    struct key_schedule schedule = schedule_at(5000);
    key_schedule_begin(&schedule, 5000);
    assert_true(key_schedule_wait_ms(&schedule, 99999) == UINT64_MAX);
    assert_int_equal(key_schedule_ask(&schedule, 5001), 0);
    assert_true(key_schedule_wait_ms(&schedule, 99999) == UINT64_MAX);
}

TEST(after_a_success_the_next_comes_in_time_or_up_to_a_tenth_early)
{
    struct key_schedule schedule = fetched_at(1000);
    assert_int_equal(key_schedule_wait_ms(&schedule, 1000), 600000);
    assert_int_equal(key_schedule_wait_ms(&schedule, 2000), 599000);
    assert_int_equal(key_schedule_wait_ms(&schedule, 700000), 0);
    key_schedule_begin(&schedule, 601000);
    key_schedule_succeed(&schedule, 601000, KEY_SCHEDULE_NO_AGE, MOST_LUCK);
    assert_int_equal(key_schedule_wait_ms(&schedule, 601000), 540000);
}

TEST(an_answer_that_is_good_for_less_is_fetched_earlier_but_not_under_a_minute)
{
    assert_int_equal(wait_after_age(2U * MINUTE_MS), 2U * MINUTE_MS);
    assert_int_equal(wait_after_age(15000), MINUTE_MS);
    assert_int_equal(wait_after_age(0), MINUTE_MS);
    assert_int_equal(wait_after_age(24U * 60U * MINUTE_MS), 600000);
    assert_int_equal(wait_after_age(UINT64_MAX - 1), 600000);
}

TEST(a_refresh_shorter_than_a_minute_stays_so)
{
    struct key_schedule_limits limits = {.refresh_ms = 1000, .min_interval_ms = 10000};
    struct key_schedule schedule = key_schedule_starting(limits, 0);
    key_schedule_begin(&schedule, 0);
    key_schedule_succeed(&schedule, 0, 5000, NO_LUCK);
    assert_int_equal(key_schedule_wait_ms(&schedule, 0), 1000);
}

TEST(failures_are_retried_after_twice_as_long_each_time_up_to_a_minute)
{
    static const uint64_t waits_ms[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000};
    struct key_schedule schedule = schedule_at(0);
    for (size_t i = 0; i < sizeof waits_ms / sizeof *waits_ms; i++) {
        key_schedule_begin(&schedule, 0);
        key_schedule_fail(&schedule, 0, NO_LUCK);
        assert_int_equal(key_schedule_wait_ms(&schedule, 0), waits_ms[i]);
    }
    key_schedule_begin(&schedule, 0);
    key_schedule_fail(&schedule, 0, MOST_LUCK);
    assert_int_equal(key_schedule_wait_ms(&schedule, 0), 30000);
}

TEST(a_success_forgets_the_failures_before_it)
{
    struct key_schedule schedule = schedule_at(0);
    for (int i = 0; i < 3; i++) {
        key_schedule_begin(&schedule, 0);
        key_schedule_fail(&schedule, 0, NO_LUCK);
    }
    key_schedule_begin(&schedule, 0);
    key_schedule_succeed(&schedule, 0, KEY_SCHEDULE_NO_AGE, NO_LUCK);
    key_schedule_begin(&schedule, 0);
    key_schedule_fail(&schedule, 0, NO_LUCK);
    assert_int_equal(key_schedule_wait_ms(&schedule, 0), 1000);
}

TEST(who_asks_gets_a_fetch_at_once_when_the_last_is_long_enough_ago)
{
    struct key_schedule schedule = fetched_at(1000);
    assert_int_equal(key_schedule_ask(&schedule, 11000), 0);
    assert_int_equal(key_schedule_wait_ms(&schedule, 11000), 0);
}

TEST(who_asks_again_and_again_gets_one_fetch_in_the_interval)
{
    struct key_schedule schedule = fetched_at(1000);
    assert_int_equal(key_schedule_ask(&schedule, 1000), 10000);
    assert_int_equal(key_schedule_ask(&schedule, 4000), 7000);
    assert_int_equal(key_schedule_ask(&schedule, 10999), 1);
    assert_int_equal(key_schedule_wait_ms(&schedule, 10999), 1);
}

TEST(asking_never_puts_off_what_is_due_earlier)
{
    struct key_schedule schedule = schedule_at(0);
    key_schedule_begin(&schedule, 1);
    key_schedule_fail(&schedule, 1, NO_LUCK);
    assert_int_equal(key_schedule_ask(&schedule, 1), 1000);
    assert_int_equal(key_schedule_wait_ms(&schedule, 1), 1000);
}

TEST(asking_during_a_long_wait_after_failures_still_gets_a_fetch_in_the_interval)
{
    struct key_schedule schedule = schedule_at(0);
    for (int i = 0; i < 8; i++) {
        key_schedule_begin(&schedule, 1);
        key_schedule_fail(&schedule, 1, NO_LUCK);
    }
    assert_int_equal(key_schedule_ask(&schedule, 5001), 5000);
}
