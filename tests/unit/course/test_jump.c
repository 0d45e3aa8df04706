#include "course/jump.h"

#include "tests/lib/test.h"

#define HOME_LAT 488568000
#define HOME_LNG 22927000

static bool jumps(int32_t lat_e7, int32_t lng_e7, int64_t after_ms)
{
    struct jump_place from = {HOME_LAT, HOME_LNG, 1732600000000};
    struct jump_place to = {lat_e7, lng_e7, from.time_ms + after_ms};
    bool it = jump_is_between(&from, &to);
    assert_true(jump_is_between(&to, &from) == it);
    return it;
}

TEST(a_runner_and_a_train_are_within_what_is_possible)
{
    assert_false(jumps(HOME_LAT + 500, HOME_LNG, 1000));    /* 5.6 m/s */
    assert_false(jumps(HOME_LAT + 2600, HOME_LNG, 1000));   /* 29 m/s */
    assert_false(jumps(HOME_LAT + 2600000, HOME_LNG, 1e6)); /* 29 km in 1000 s */
    assert_false(jumps(HOME_LAT + 8000, HOME_LNG, 0));      /* 89 m at once: two honest fixes */
}

TEST(faster_than_that_is_a_jump)
{
    assert_true(jumps(HOME_LAT + 12000, HOME_LNG, 1000));  /* 133 m in a second */
    assert_true(jumps(HOME_LAT + 3000000, HOME_LNG, 1e6)); /* 33 km in 1000 s */
    assert_true(jumps(-HOME_LAT, HOME_LNG, 3600 * 1000));
    assert_true(jumps(HOME_LAT + 10000, HOME_LNG, 0));
}

TEST(degrees_of_longitude_are_shorter_away_from_the_equator)
{
    struct jump_place a = {0, 0, 0};
    struct jump_place b = {0, 10000, 0};
    assert_true(jump_is_between(&a, &b)); /* 111 m */
    a.lat_e7 = b.lat_e7 = 800000000;
    assert_false(jump_is_between(&a, &b)); /* 19 m */
}

TEST(across_the_antimeridian_is_not_around_the_world)
{
    struct jump_place a = {-180000000, 1799999000, 0};
    struct jump_place b = {-180000000, -1799999000, 5000};
    assert_false(jump_is_between(&a, &b));
}
