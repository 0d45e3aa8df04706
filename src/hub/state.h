/*
 * state: what the hub's own files share. Nobody outside src/hub includes this.
 */
#ifndef SPECTATE_HUB_STATE_H
#define SPECTATE_HUB_STATE_H

#include "hub/audience.h"
#include "hub/hub.h"
#include "hub/runner.h"
#include "hub/speech.h"

struct hub {
    struct hub_options options;
    struct hub_stats stats;
    struct runner_table runners;
    struct speech **speeches; /* owned, each too; by dialect and pace */
    size_t speech_count;
    size_t speech_capacity;
    struct audience *dirty_first; /* queue of audiences with something to flush */
    struct audience *dirty_last;
    struct buf scratch;                /* owned; frames of one follower that catches up */
    struct buf sealed;                 /* owned; the frame that is made of some elements */
    struct buf appeared;               /* owned; ids of runners that nobody was told of */
    struct buf tick_scratch;           /* owned; pointers to runners that changed */
    uint64_t applied[HUB_ORIGINS_MAX]; /* by origin: the number of the last one */
    size_t origins;
    uint64_t version; /* of the newest accepted position */
    uint32_t probes;  /* number of the last probe of a single follower */
};

/* The speech of a dialect and a pace, found or made. NULL without memory. */
struct speech *hub_speech(struct hub *hub, const struct hub_dialect *dialect, uint32_t pace_ms);

/* It has something to flush. */
void hub_make_dirty(struct hub *hub, struct audience *audience);

#endif
