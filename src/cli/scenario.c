#include "cli/scenario.h"

#include <stddef.h>

#include "base/mem.h"
#include "cli/random.h"

struct scenario {
    struct scenario_options options;
    struct random random;
    struct race *race; /* owned; NULL: jumps */
    uint64_t drawn;
};

struct scenario *scenario_new(const struct scenario_options *options)
{
    struct scenario *scenario = mem_try(sizeof *scenario);
    if (scenario == NULL)
        return NULL;
    scenario->options = *options;
    scenario->random = random_seeded(options->seed, 0);
    if (options->course == NULL)
        return scenario;
    struct race_options race = {
        .course = options->course,
        .runners = options->users,
        .laps = options->laps,
        .seed = options->seed,
    };
    scenario->race = race_new(&race);
    if (scenario->race == NULL)
        scenario_free(&scenario);
    return scenario;
}

void scenario_free(struct scenario **scenario)
{
    if (*scenario == NULL)
        return;
    race_free(&(*scenario)->race);
    mem_free(*scenario);
    *scenario = NULL;
}

static void jump(struct scenario *scenario, struct step *step)
{
    double rate = scenario->options.rate;
    step->due_us = rate > 0 ? (uint64_t)((double)scenario->drawn * 1e6 / rate) : 0;
    step->runner = random_below(&scenario->random, scenario->options.users);
    step->lat_deg = 100 * random_unit(&scenario->random);
    step->lng_deg = 100 * random_unit(&scenario->random);
}

bool scenario_next(struct scenario *scenario, struct step *step)
{
    const struct scenario_options *options = &scenario->options;
    if (options->messages != 0 && scenario->drawn == options->messages)
        return false;
    if (scenario->race == NULL)
        jump(scenario, step);
    else if (!race_next(scenario->race, step))
        return false;
    scenario->drawn++;
    return options->duration_us == 0 || step->due_us < options->duration_us;
}

const struct race *scenario_race(const struct scenario *scenario)
{
    return scenario->race;
}
