#include "cli/backoff.h"

#include "tests/lib/test.h"

static uint64_t longest_after(unsigned failures)
{
    uint64_t longest_ms = 0;
    for (uint64_t seed = 0; seed < 500; seed++) {
        struct backoff backoff = backoff_seeded(seed);
        uint64_t pause_ms = 0;
        for (unsigned i = 0; i < failures; i++)
            pause_ms = backoff_next_ms(&backoff);
        longest_ms = pause_ms > longest_ms ? pause_ms : longest_ms;
    }
    return longest_ms;
}

static void is_between(uint64_t value, uint64_t low, uint64_t high)
{
    if (value < low || value > high)
        fail_msg("%llu is not from %llu to %llu", (unsigned long long)value,
                 (unsigned long long)low, (unsigned long long)high);
}

TEST(the_longest_pause_doubles_up_to_the_limit)
{
    is_between(longest_after(1), 450, 500);
    is_between(longest_after(2), 900, 1000);
    is_between(longest_after(3), 1800, 2000);
    is_between(longest_after(6), 14400, 16000);
    is_between(longest_after(7), 18000, 20000);
    is_between(longest_after(100), 18000, 20000);
}

TEST(pauses_are_spread_over_the_whole_range)
{
    unsigned in_quarter[4] = {0};
    for (uint64_t seed = 0; seed < 400; seed++) {
        struct backoff backoff = backoff_seeded(seed);
        in_quarter[backoff_next_ms(&backoff) / 126]++;
    }
    for (int i = 0; i < 4; i++)
        is_between(in_quarter[i], 60, 140);
}

TEST(success_starts_over)
{
    struct backoff backoff = backoff_seeded(1);
    for (int i = 0; i < 10; i++)
        backoff_next_ms(&backoff);
    backoff_reset(&backoff);
    for (int i = 0; i < 1000; i++) {
        assert_true(backoff_next_ms(&backoff) <= 500);
        backoff_reset(&backoff);
    }
}
