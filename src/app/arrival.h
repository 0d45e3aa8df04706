/*
 * arrival: when a position came, for dialects that give it no time of its own.
 *
 * The shard that accepts it stamps it, once; all others go by that stamp (hub.h, hub_publish()). The clock is the wall
 * clock, which all shards read. What one shard gives only goes forward, and a shard that hears of a later stamp goes on from there: so
 * what is published behind a position that was heard of is newer than it, also after the wall clock was set back.
 */
#ifndef SPECTATE_APP_ARRIVAL_H
#define SPECTATE_APP_ARRIVAL_H

#include <stdint.h>

#include "proto/position.h"

/* Of one shard. All zero at first. */
struct arrival_clock {
    int64_t last_us; /* given or heard of, UTC since 1970 */
};

/* The position came now (`wall_us`): later than all that this clock gave or heard of. */
void arrival_stamp(struct arrival_clock *clock, struct position *position, int64_t wall_us);

/* Another shard stamped this. A fix time of a device is none of ours, and passes. */
void arrival_hear(struct arrival_clock *clock, const struct position *position);

#endif
