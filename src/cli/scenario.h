/*
 * scenario: what a simulation publishes, and when: users who jump at random, as the prototype's test client had them,
 * or a race along a course. Drawn step by step from a seed.
 */
#ifndef SPECTATE_CLI_SCENARIO_H
#define SPECTATE_CLI_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/race.h"
#include "cli/step.h"
#include "course/course.h"

struct scenario;

struct scenario_options {
    const struct course *course; /* borrowed; NULL: jumps */
    uint64_t seed;
    uint64_t messages;    /* 0: no limit */
    uint64_t duration_us; /* nothing is due from here on; 0: no limit */
    double rate;          /* of jumps, a second; 0: all due at once */
    uint32_t users;       /* at least 1 */
    uint32_t laps;        /* of a race */
};

/* Owned by the caller. NULL without memory. */
struct scenario *scenario_new(const struct scenario_options *options);
void scenario_free(struct scenario **scenario);

/* The next step, in order of time. False: that was all. */
bool scenario_next(struct scenario *scenario, struct step *step);

/* NULL: it is no race. Borrowed. */
const struct race *scenario_race(const struct scenario *scenario);

#endif
