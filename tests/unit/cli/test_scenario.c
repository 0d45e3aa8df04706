#include "cli/scenario.h"

#include "tests/lib/test.h"

static struct scenario *scenario_of(struct scenario_options options)
{
    options.users = 100;
    options.seed = 42;
    return scenario_new(&options);
}

TEST(jumps_are_evenly_due_and_as_many_as_asked_for)
{
    struct scenario *scenario =
        scenario_of((struct scenario_options){.messages = 1000, .rate = 500});
    struct step step;
    for (uint64_t i = 0; i < 1000; i++) {
        assert_true(scenario_next(scenario, &step));
        assert_int_equal(step.due_us, i * 2000);
        assert_true(step.runner < 100);
        assert_true(step.lat_deg >= 0 && step.lat_deg < 100);
        assert_true(step.lng_deg >= 0 && step.lng_deg < 100);
    }
    assert_false(scenario_next(scenario, &step));
    assert_null(scenario_race(scenario));
    scenario_free(&scenario);
}

TEST(nothing_is_due_at_or_after_the_duration)
{
    struct scenario *scenario =
        scenario_of((struct scenario_options){.rate = 100, .duration_us = 50000});
    struct step step;
    int count = 0;
    while (scenario_next(scenario, &step))
        count++;
    assert_int_equal(count, 5);
    scenario_free(&scenario);
}

TEST(without_a_rate_everything_is_due_at_once)
{
    struct scenario *scenario = scenario_of((struct scenario_options){.messages = 3});
    struct step step;
    for (int i = 0; i < 3; i++) {
        assert_true(scenario_next(scenario, &step));
        assert_int_equal(step.due_us, 0);
    }
    scenario_free(&scenario);
}

TEST(all_users_take_part)
{
    struct scenario *scenario = scenario_of((struct scenario_options){.messages = 5000});
    bool took_part[100] = {false};
    for (struct step step; scenario_next(scenario, &step);)
        took_part[step.runner] = true;
    for (int i = 0; i < 100; i++)
        assert_true(took_part[i]);
    scenario_free(&scenario);
}
