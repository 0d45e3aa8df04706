/*
 * position_line: a position that arrived, as a line for people or as a line of JSON for programs.
 *
 *   12:34:56.789 7 48.8568000 2.2927000
 *   {"received":"2026-05-01T10:34:56.789Z","userId":7,"lat":48.8568,"lng":2.2927}
 */
#ifndef SPECTATE_CLI_POSITION_LINE_H
#define SPECTATE_CLI_POSITION_LINE_H

#include <stdio.h>

#include "proto/position.h"

/* `position->time_ms` is when it arrived; the text has it in local time, the JSON in UTC. */
void position_line_text(FILE *out, const struct position *position);
void position_line_json(FILE *out, const struct position *position);

#endif
