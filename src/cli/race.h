/*
 * race: a made-up field of runners on a course, as their phones would tell of it: a pace each, a start in waves, one
 * position a second with the errors of a GPS receiver.
 *
 * The same seed draws the same race. Pure: it only says who is where when.
 */
#ifndef SPECTATE_CLI_RACE_H
#define SPECTATE_CLI_RACE_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/step.h"
#include "course/course.h"

struct race;

struct race_options {
    const struct course *course; /* borrowed for the race's life; at least two places */
    uint32_t runners;
    uint32_t laps; /* 0: without end; more than one only make sense on a loop */
    uint64_t seed;
};

/* Owned by the caller. NULL without memory. */
struct race *race_new(const struct race_options *options);
void race_free(struct race **race);

/* The next position in time. False: everybody is in the finish. */
bool race_next(struct race *race, struct step *step);

/* Where the race stands, as far as race_next() has told it. */
struct race_standing {
    uint32_t running;
    uint32_t finished;
    uint32_t leader;
    double leader_m;         /* from the start */
    double leader_pace_s_km; /* at the moment; 0 before anybody moved */
};
struct race_standing race_standing(const struct race *race);

#endif
