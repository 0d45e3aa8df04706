#include "app/arrival.h"

#define US_PER_MS 1000

void arrival_stamp(struct arrival_clock *clock, struct position *position, int64_t wall_us)
{
    clock->last_us = wall_us > clock->last_us ? wall_us : clock->last_us + 1;
    position->time_ms = clock->last_us / US_PER_MS;
    position->time_rest_us = (uint16_t)(clock->last_us % US_PER_MS);
}

void arrival_hear(struct arrival_clock *clock, const struct position *position)
{
    int64_t stamp_us = position->time_ms * US_PER_MS + position->time_rest_us;
    if (position->time_is_arrival && stamp_us > clock->last_us)
        clock->last_us = stamp_us;
}
