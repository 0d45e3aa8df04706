/*
 * step: one thing that a scenario has happen: a runner is somewhere, at some time. Plain data.
 */
#ifndef SPECTATE_CLI_STEP_H
#define SPECTATE_CLI_STEP_H

#include <stdint.h>

struct step {
    uint64_t due_us; /* from the scenario's start */
    uint32_t runner; /* from 0 */
    double lat_deg;
    double lng_deg;
};

#endif
