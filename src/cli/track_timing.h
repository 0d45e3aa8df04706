/*
 * track_timing: when each point of a recorded track is due, counted from the track's first.
 *
 * Time never runs backwards: a point that is earlier than one before it is due at once. A point without time is due
 * with the one before it, and in a track that has no times at all points are a second apart. A jump of more than a day,
 * either way, is a broken clock (real files hold 1970 and 7528 next to today): the point is due at once, and time goes
 * on from there.
 */
#ifndef SPECTATE_CLI_TRACK_TIMING_H
#define SPECTATE_CLI_TRACK_TIMING_H

#include <stdbool.h>
#include <stdint.h>

#include "course/gpx.h"

#define TRACK_TIMING_JUMP_MS (24 * 3600 * 1000LL)
#define TRACK_TIMING_CADENCE_MS 1000

/* Embedded; begin with track_timing_of(). */
struct track_timing {
    uint64_t due_ms;  /* of the last point */
    int64_t clock_ms; /* the newest time so far */
    bool has_clock;
    bool has_times;
    bool has_begun;
};

struct track_timing track_timing_of(bool track_has_times);

/* The next point's time from the start. */
uint64_t track_timing_due_ms(struct track_timing *timing, const struct gpx_point *point);

#endif
