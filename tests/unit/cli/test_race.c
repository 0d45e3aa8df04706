#include "cli/race.h"

#include <math.h>

#include "tests/lib/test.h"

/* A straight kilometre and a bit to the north, and a race of it. */
static struct course *course;

static int begin(void **state)
{
    (void)state;
    course = course_new();
    return course_add(course, 47, 5) < 0 || course_add(course, 47.01, 5) < 0;
}

static int end(void **state)
{
    (void)state;
    course_free(&course);
    return 0;
}

TEST_SETUP(begin);
TEST_TEARDOWN(end);

static struct race *race_of(uint32_t runners, uint32_t laps)
{
    struct race_options options = {.course = course, .runners = runners, .laps = laps, .seed = 7};
    return race_new(&options);
}

TEST(the_same_seed_draws_the_same_race)
{
    struct race *one = race_of(5, 1);
    struct race *two = race_of(5, 1);
    struct step a;
    struct step b;
    while (race_next(one, &a)) {
        assert_true(race_next(two, &b));
        assert_true(a.due_us == b.due_us && a.runner == b.runner && a.lat_deg == b.lat_deg &&
                    a.lng_deg == b.lng_deg);
    }
    assert_false(race_next(two, &b));
    race_free(&one);
    race_free(&two);
}

TEST(time_never_runs_backwards_and_each_runner_tells_once_a_second)
{
    enum { RUNNERS = 60 };
    struct race *race = race_of(RUNNERS, 1);
    uint64_t last_us[RUNNERS] = {0};
    uint64_t now_us = 0;
    for (struct step step; race_next(race, &step);) {
        assert_true(step.runner < RUNNERS);
        assert_true(step.due_us >= now_us);
        if (last_us[step.runner] != 0)
            assert_int_equal(step.due_us - last_us[step.runner], 1000000);
        last_us[step.runner] = step.due_us;
        now_us = step.due_us;
    }
    race_free(&race);
}

TEST(runners_start_in_waves)
{
    struct race *race = race_of(60, 1);
    uint64_t first_us[60] = {0};
    for (struct step step; race_next(race, &step);) {
        if (first_us[step.runner] == 0)
            first_us[step.runner] = step.due_us + 1;
    }
    assert_true(first_us[0] < 1000002 && first_us[24] < 1000002);
    assert_true(first_us[25] >= 20000000 && first_us[50] >= 40000000);
    race_free(&race);
}

TEST(everybody_finishes_at_a_human_pace)
{
    struct race *race = race_of(20, 1);
    double length_km = course_length_m(course) / 1000;
    uint64_t end_us = 0;
    for (struct step step; race_next(race, &step); end_us = step.due_us)
        ;
    assert_int_equal(race_standing(race).finished, 20);
    assert_int_equal(race_standing(race).running, 0);
    assert_true((double)end_us / 1e6 <= length_km * 480 + 2);
    assert_true((double)end_us / 1e6 >= length_km * 210);
    race_free(&race);
}

TEST(positions_stray_from_the_course_as_a_receiver_does)
{
    struct race *race = race_of(20, 1);
    double square_sum_m2 = 0;
    double worst_m = 0;
    size_t count = 0;
    for (struct step step; race_next(race, &step); count++) {
        double off_m = (step.lng_deg - 5) * 111320 * cos(47 * 3.14159265 / 180);
        square_sum_m2 += off_m * off_m;
        worst_m = fmax(worst_m, fabs(off_m));
    }
    double deviation_m = sqrt(square_sum_m2 / (double)count);
    assert_true(deviation_m > 2 && deviation_m < 10);
    assert_true(worst_m < 80);
    race_free(&race);
}

TEST(a_race_without_end_goes_on)
{
    struct race *race = race_of(2, 0);
    struct step step;
    for (int i = 0; i < 5000; i++)
        assert_true(race_next(race, &step));
    assert_true(race_standing(race).leader_m > 2000);
    race_free(&race);
}

TEST(the_leader_is_who_is_furthest)
{
    struct race *race = race_of(10, 1);
    struct step step;
    assert_int_equal(race_standing(race).running, 0);
    for (int i = 0; i < 1000; i++)
        assert_true(race_next(race, &step));
    struct race_standing standing = race_standing(race);
    assert_int_equal(standing.running, 10);
    assert_true(standing.leader_m > 0 && standing.leader < 10);
    assert_true(standing.leader_pace_s_km >= 210 && standing.leader_pace_s_km <= 480);
    race_free(&race);
}
