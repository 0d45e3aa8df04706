#include "base/clock.h"

#include "tests/lib/test.h"

TEST(the_monotonic_clock_never_steps_back)
{
    uint64_t last_us = clock_monotonic_us();
    for (int i = 0; i < 10000; i++) {
        uint64_t now_us = clock_monotonic_us();
        assert_true(now_us >= last_us);
        last_us = now_us;
    }
}

TEST(milliseconds_and_microseconds_are_of_one_clock)
{
    uint64_t before_us = clock_monotonic_us();
    uint64_t between_ms = clock_monotonic_ms();
    uint64_t after_us = clock_monotonic_us();
    assert_true(between_ms >= before_us / 1000);
    assert_true(between_ms <= after_us / 1000);
}

TEST(the_wall_clock_is_past_the_day_this_was_written)
{
    assert_true(clock_wall_ms() > INT64_C(1735689600000)); /* 2025-01-01 */
}
