/*
 * speech: the audiences of one dialect and one pace, and the frame of the position that is being published.
 *
 * With a pace, audiences whose runners changed wait in a list for the next tick; ticks are multiples of the pace, so all
 * audiences of a pace are served in the same turn.
 */
#ifndef SPECTATE_HUB_SPEECH_H
#define SPECTATE_HUB_SPEECH_H

#include <stdint.h>

#include "base/buf.h"
#include "hub/audience.h"
#include "hub/hub.h"

struct speech {
    const struct hub_dialect *dialect;
    uint32_t pace_ms;          /* 0: at once */
    struct audience **buckets; /* owned; `bucket_count` is a power of two, or 0 */
    size_t bucket_count;
    size_t audience_count;
    struct audience **waiting; /* owned; to be gathered at next_tick_ms */
    size_t waiting_count;
    size_t waiting_capacity;
    uint64_t next_tick_ms; /* while something waits */
    struct buf frame;      /* owned; of version `frame_version` */
    uint64_t frame_version;
};

struct speech *speech_new(const struct hub_dialect *dialect,
                          uint32_t pace_ms); /* NULL without memory */
void speech_free(struct speech **speech);    /* without audiences */

/* Encode the position that will have `version` into `frame`, if it is not there yet. 0 or ERR_NO_MEMORY. */
int speech_encode(struct speech *speech, const struct position *position, uint64_t version);

/* The table of audiences, by set. */
uint32_t speech_hash(struct runner *const *runners, uint32_t count);
struct audience *speech_find(const struct speech *speech, uint32_t hash,
                             struct runner *const *runners, uint32_t count);
int speech_add(struct speech *speech, struct audience *audience); /* 0 or ERR_NO_MEMORY */
void speech_remove(struct speech *speech, struct audience *audience);

/* The first audience, and the one after it, in no order; NULL at the end. The table must not change meanwhile. */
struct audience *speech_first(const struct speech *speech);
struct audience *speech_next(const struct speech *speech, const struct audience *audience);

/* Room for one more that waits. 0 or ERR_NO_MEMORY. */
int speech_reserve_waiting(struct speech *speech);

/* It waits for the next tick; there is room. */
void speech_wait(struct speech *speech, struct audience *audience, uint64_t now_ms);

#endif
