/* The stamp of a position's arrival: one clock for all shards, which nobody sees going back. */
#include "app/arrival.h"

#include "tests/lib/test.h"

static int64_t us(struct position position)
{
    return position.time_ms * 1000 + position.time_rest_us;
}

static struct position stamped(struct arrival_clock *clock, int64_t wall_us)
{
    struct position position = {.time_is_arrival = true};
    arrival_stamp(clock, &position, wall_us);
    return position;
}

TEST(a_stamp_is_the_wall_clock_to_the_microsecond)
{
    (void)state;
    struct arrival_clock clock = {0};
    struct position position = stamped(&clock, INT64_C(1777626000123456));
    assert_int_equal(position.time_ms, INT64_C(1777626000123));
    assert_int_equal(position.time_rest_us, 456);
}

TEST(stamps_of_one_moment_and_of_a_clock_set_back_still_go_forward)
{
    (void)state;
    struct arrival_clock clock = {0};
    struct position first = stamped(&clock, 5000999);
    struct position second = stamped(&clock, 5000999);
    struct position third = stamped(&clock, 4000000);
    assert_int_equal(us(first), 5000999);
    assert_int_equal(us(second), 5001000);
    assert_int_equal(us(third), 5001001);
}

TEST(who_has_heard_of_a_later_stamp_stamps_later_still)
{
    (void)state;
    struct arrival_clock clocks[2] = {{0}};
    struct position theirs = stamped(&clocks[0], 5000999);
    arrival_hear(&clocks[1], &theirs);
    struct position ours = stamped(&clocks[1], 4000000);
    assert_true(us(ours) > us(theirs));
}

TEST(the_time_of_a_device_does_not_move_the_clock)
{
    (void)state;
    struct arrival_clock clock = {0};
    struct position fix = {.time_ms = INT64_C(9000000000000)};
    arrival_hear(&clock, &fix);
    assert_int_equal(stamped(&clock, 5000000).time_ms, 5000);
}
