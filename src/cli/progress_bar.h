/*
 * progress_bar: how far a long job is, as one line that overwrites itself, a few times a second. For a terminal; else nothing is said.
 *
 *   [########............]  42 %  123456 positions
 */
#ifndef SPECTATE_CLI_PROGRESS_BAR_H
#define SPECTATE_CLI_PROGRESS_BAR_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Plain data. */
struct progress_bar {
    FILE *out;
    uint64_t total; /* 0: not known, and then there is no bar */
    uint64_t next_ms;
    bool is_terminal;
    bool has_line; /* an unfinished one is on the terminal */
};

struct progress_bar progress_bar_on(FILE *out, uint64_t total);

/* `done` is of the total; `count` of what people count. Times are of a monotonic clock. */
void progress_bar_tell(struct progress_bar *bar, uint64_t done, uint64_t count, uint64_t now_ms);

/* Take the unfinished line away: before anything else is written there. */
void progress_bar_clear(struct progress_bar *bar);

#endif
