/*
 * state: what the hub's own files share. Nobody outside src/hub includes this.
 */
#ifndef SPECTATE_HUB_STATE_H
#define SPECTATE_HUB_STATE_H

#include "hub/audience.h"
#include "hub/hub.h"
#include "hub/runner.h"

#define HUB_MAX_DIALECTS 8

struct hub {
    struct hub_options options;
    struct hub_stats stats;
    struct runner_table runners;
    struct speech speeches[HUB_MAX_DIALECTS];
    size_t speech_count;
    struct audience *dirty_first; /* queue of audiences with something to flush */
    struct audience *dirty_last;
    struct buf scratch; /* owned; frames of one follower that catches up */
    uint64_t version;   /* of the newest accepted position */
};

#endif
