/*
 * simulate_report: what a simulation came to: a table whose labels and order stay, a sentence, and the same as JSON.
 *
 *   missing 0
 *   ...
 *   delivered 1990 of 1990
 */
#ifndef SPECTATE_CLI_SIMULATE_REPORT_H
#define SPECTATE_CLI_SIMULATE_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/simulate_options.h"
#include "cli/simulation.h"

/* One line: what is played, with the seed that draws it again. */
void simulate_report_begin(FILE *out, const struct simulate_options *options);

void simulate_report_table(FILE *out, const struct simulation_state *state);

/* One object in one line. */
void simulate_report_json(FILE *out, const struct simulate_options *options,
                          const struct simulation_state *state);

/* Everything that was owed arrived once and in order, and nothing else, and no user lost the connection. */
bool simulate_report_is_clean(const struct simulation_state *state);

#endif
