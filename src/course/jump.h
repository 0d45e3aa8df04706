/*
 * jump: a runner does not get from one place to another faster than anybody runs, or is driven through a town. A position that
 * says so is most likely wrong, but may be right, after a wrong one: so it is marked, and never dropped.
 */
#ifndef SPECTATE_COURSE_JUMP_H
#define SPECTATE_COURSE_JUMP_H

#include <stdbool.h>
#include <stdint.h>

#define JUMP_SPEED_MPS 30.0
#define JUMP_SLACK_M 100.0 /* as far off two honest positions may be together */

/* A place and when, in 10^-7 of a degree and milliseconds. */
struct jump_place {
    int32_t lat_e7;
    int32_t lng_e7;
    int64_t time_ms;
};

/* In either order of time. On a sphere: that is within a hundredth. */
bool jump_is_between(const struct jump_place *a, const struct jump_place *b);

#endif
