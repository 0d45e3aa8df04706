/*
 * schedule: when the n-th of something is due: so many a second from a start on, whatever happened to those before it.
 */
#ifndef SPECTATE_BENCH_LOAD_SCHEDULE_H
#define SPECTATE_BENCH_LOAD_SCHEDULE_H

#include <stdint.h>

struct schedule {
    uint64_t start_us;
    double per_second; /* 0: never */
    uint64_t taken;
};

/* When the next is due; UINT64_MAX: never. */
static inline uint64_t schedule_next_us(const struct schedule *schedule)
{
    if (schedule->per_second <= 0)
        return UINT64_MAX;
    return schedule->start_us + (uint64_t)((double)schedule->taken * 1e6 / schedule->per_second);
}

#endif
