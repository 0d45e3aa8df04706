/* At most so many in a second, of which a second's worth may come at once. */
#include "app/rate.h"

#include "tests/lib/test.h"

static int taken(struct rate *rate, uint64_t per_second, uint64_t now_ms, int tries)
{
    int count = 0;
    for (int i = 0; i < tries; i++)
        count += rate_take(rate, per_second, now_ms);
    return count;
}

TEST(a_seconds_worth_may_come_at_once_and_not_one_more)
{
    struct rate rate = {0};
    assert_int_equal(taken(&rate, 5, 10000, 20), 5);
}

TEST(what_was_used_up_comes_back_in_time)
{
    struct rate rate = {0};
    assert_int_equal(taken(&rate, 5, 10000, 20), 5);
    assert_int_equal(taken(&rate, 5, 10199, 20), 0);
    assert_int_equal(taken(&rate, 5, 10200, 20), 1);
    assert_int_equal(taken(&rate, 5, 60000, 20), 5);
}

TEST(without_a_limit_everything_may_come)
{
    struct rate rate = {0};
    assert_int_equal(taken(&rate, 0, 10000, 1000), 1000);
    assert_false(rate_is_over(&rate, 0, 10000));
}

TEST(what_is_counted_uses_it_up_whether_it_may_come_or_not)
{
    struct rate rate = {0};
    for (int i = 0; i < 5; i++) {
        assert_false(rate_is_over(&rate, 5, 10000));
        rate_count(&rate, 5, 10000);
    }
    assert_true(rate_is_over(&rate, 5, 10000));
    assert_false(rate_take(&rate, 5, 10000));
    assert_false(rate_is_over(&rate, 5, 10200));
}
