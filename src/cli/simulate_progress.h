/*
 * simulate_progress: a line while a simulation runs. Of a race it tells every second how it stands, for people to read;
 * of jumps a counter that overwrites itself on a terminal. Where nobody looks (a pipe) a race has a line every ten
 * seconds, jumps none.
 */
#ifndef SPECTATE_CLI_SIMULATE_PROGRESS_H
#define SPECTATE_CLI_SIMULATE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/simulation.h"

struct simulate_progress {
    FILE *out;
    bool is_terminal;
    bool has_line; /* an unfinished one is on the terminal */
    uint64_t seconds;
    uint64_t delivered; /* a second ago */
};

struct simulate_progress simulate_progress_on(FILE *out);

/* For simulation_options.on_second; `context` is the progress. */
void simulate_progress_tell(void *context, const struct simulation_state *state);

/* Take the unfinished line away. */
void simulate_progress_end(struct simulate_progress *progress);

#endif
