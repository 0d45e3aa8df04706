#include "cli/track_timing.h"

struct track_timing track_timing_of(bool track_has_times)
{
    return (struct track_timing){.has_times = track_has_times};
}

static void advance(struct track_timing *timing, int64_t time_ms)
{
    int64_t step_ms = time_ms - timing->clock_ms;
    bool is_jump = step_ms > TRACK_TIMING_JUMP_MS || step_ms < -TRACK_TIMING_JUMP_MS;
    if (!timing->has_clock || is_jump) {
        timing->clock_ms = time_ms;
        timing->has_clock = true;
    } else if (step_ms > 0) {
        timing->due_ms += (uint64_t)step_ms;
        timing->clock_ms = time_ms;
    }
}

uint64_t track_timing_due_ms(struct track_timing *timing, const struct gpx_point *point)
{
    if (point->has_time)
        advance(timing, point->time_ms);
    else if (!timing->has_times && timing->has_begun)
        timing->due_ms += TRACK_TIMING_CADENCE_MS;
    timing->has_begun = true;
    return timing->due_ms;
}
