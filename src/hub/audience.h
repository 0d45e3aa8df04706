/*
 * audience: all followers with the same follow set and dialect; the unit of encoding.
 *
 * It gathers what is published for its set in a pending batch. A flush seals that into its chain and serves the members one
 * after the other; a flush that ran out of its budget remembers the member it has come to. An audience without members is
 * gone; one that still waits in the queue of dirty ones is freed when its turn comes.
 */
#ifndef SPECTATE_HUB_AUDIENCE_H
#define SPECTATE_HUB_AUDIENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hub/batch.h"
#include "hub/hub.h"
#include "hub/runner.h"

/* The set's member lists: `runners` is the key, ordered by address; `slots[i]` is the place among the links of runners[i]. */
struct audience {
    struct speech *speech;
    struct runner **runners; /* owned, with slots behind it in the same memory */
    uint32_t *slots;
    struct follower **members; /* owned */
    struct batch *pending;     /* held; NULL: nothing since the last seal */
    struct batch *tail;        /* held; the newest sealed one while it may get a successor that matters */
    struct batch *flushing;    /* held; being served now */
    struct audience *next_dirty;
    uint64_t accepted;     /* positions, since it was made */
    uint64_t stream_bytes; /* sealed, since it was made */
    uint32_t runner_count;
    uint32_t member_count;
    uint32_t member_capacity;
    uint32_t flush_at; /* index of the next member to serve with `flushing` */
    bool is_dirty;     /* in the queue of audiences to flush */
    bool is_dead;      /* has left the tables; freed when it leaves that queue */
    UT_hash_handle hh;
};

/* One dialect's audiences, and the frame of the position that is being published. */
struct speech {
    const struct hub_dialect *dialect;
    struct audience *audiences;
    struct buf frame; /* owned */
    bool is_encoded;  /* `frame` is that of the position being published */
};

/* Find the audience of exactly this set (ordered by address, no repeats), or make one. NULL without memory. */
struct audience *audience_ensure(struct speech *speech, struct runner *const *runners, uint32_t count);

/*
 * Leave the tables and the runners' links, and release the runners; free it, now or when it leaves the queue of dirty ones.
 * Only without members.
 */
void audience_remove(struct audience *audience, struct runner_table *runners);

/* Give back the memory of one that has left everything. */
void audience_free(struct audience *audience);

/* Room for one more member. 0 or ERR_NO_MEMORY. */
int audience_reserve_member(struct audience *audience);
void audience_join(struct audience *audience, struct follower *follower);
void audience_leave(struct audience *audience, struct follower *follower);

/* Room for one more frame in the pending batch. 0 or ERR_NO_MEMORY. */
int audience_reserve_frame(struct audience *audience, size_t frame_bytes, size_t *queued_bytes);

/* Append a frame, for which there is room. */
void audience_append(struct audience *audience, struct span frame, uint64_t version);

/* Make the pending batch the one being flushed, and the newest of the chain. */
void audience_seal(struct audience *audience, uint64_t now_ms);

/* All members were served with the batch being flushed. */
void audience_flushed(struct audience *audience);

/* Let go of the chain's end when no member has a place in it. */
void audience_trim(struct audience *audience);

/* The set's index of a runner; its size when it is not in the set. */
uint32_t audience_index_of(const struct audience *audience, const struct runner *runner);

#endif
