/*
 * audience: all followers with the same follow set, dialect and pace; the unit of encoding.
 *
 * It gathers what is published for its set in a pending batch: at once, or with a pace at each tick the newest of each runner
 * that changed. A flush seals that into its chain and serves the members one after the other; a flush that ran out of its
 * budget remembers the member it has come to. While all members are behind it gathers nothing. An audience without members
 * is gone; one that still waits in a queue is freed when it leaves the last.
 *
 * There may be as many audiences as followers, so an audience with its set is one allocation, and a single member needs none.
 */
#ifndef SPECTATE_HUB_AUDIENCE_H
#define SPECTATE_HUB_AUDIENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hub/batch.h"
#include "hub/hub.h"
#include "hub/runner.h"

struct speech;

/* Whose answers to the last probe are awaited still. KNOWN: of those who have answered one before. */
enum audience_wait { AUDIENCE_WAITS_FOR_NONE, AUDIENCE_WAITS_FOR_KNOWN, AUDIENCE_WAITS_FOR_ALL };

struct audience {
    struct speech *speech;
    struct audience *next_in_bucket; /* of the speech's table */
    union {
        struct follower *one;   /* while member_capacity is 1 */
        struct follower **many; /* owned */
    } members;
    struct batch *pending; /* held; NULL: nothing since the last seal */
    struct batch *tail; /* held; the newest sealed one while it may get a successor that matters */
    struct batch *flushing; /* held; being served now */
    struct audience *next_dirty;
    uint64_t accepted;     /* positions appended, since it was made */
    uint64_t stream_bytes; /* sealed, since it was made */
    uint64_t ticked;       /* with a pace: version up to which its set was gathered */
    uint32_t probed_ms;    /* hub/probe.h: when the last probe was put in, cut to 32 bits */
    uint32_t hash;
    uint32_t runner_count;
    uint32_t member_count;
    uint32_t member_capacity;
    uint32_t behind_count; /* of the members */
    uint32_t flush_at;     /* index of the next member to serve with `flushing` */
    uint32_t carried_ms;   /* when a very slow link would have carried all, cut to 32 bits */
    uint16_t probed_kib;   /* of the stream before the last probe, cut */
    uint8_t probe;         /* number of the last one; 0: there was none */
    uint8_t wait;          /* for answers to it: enum audience_wait */
    bool has_joined : 1;   /* somebody did since the last tick */
    bool is_dirty : 1;     /* in the queue of audiences to flush */
    bool is_waiting : 1;   /* in its speech's list of those to gather at the next tick */
    bool is_dead : 1;      /* has left the table; freed when it leaves these */
    struct runner
        *runners[]; /* the set, ordered by address, without repeats; behind it the links' slots */
};

/* Find the audience of exactly this set (ordered by address, no repeats), or make one. NULL without memory. */
struct audience *audience_ensure(const struct runner_table *table, struct speech *speech,
                                 struct runner *const *runners, uint32_t count);

/*
 * Leave the table and the runners' links, and release the runners; free it, now or when it leaves the last queue. Only without
 * members.
 */
void audience_remove(struct audience *audience, struct runner_table *runners);

/* Give back the memory of one that has left everything; does nothing while it waits in a queue. */
void audience_free_if_left(struct audience *audience);

struct follower *audience_member(const struct audience *audience, uint32_t index);

/* Room for one more member. 0 or ERR_NO_MEMORY. */
int audience_reserve_member(struct audience *audience);
void audience_join(struct audience *audience, struct follower *follower);
void audience_leave(struct audience *audience, struct follower *follower);

/* Room for so many more bytes and one frame in the pending batch. 0 or ERR_NO_MEMORY. */
int audience_reserve(struct audience *audience, size_t bytes, size_t *queued_bytes);

/* No member would be given a batch: what is accepted needs only be counted. */
bool audience_is_asleep(const struct audience *audience);

/* Append an encoded position, for which there is room: a frame, or an element of the open one. */
void audience_append(struct audience *audience, struct span encoded, uint64_t version);

/* Append a frame that is no position, for which there is room, behind a closed frame. */
void audience_append_notice(struct audience *audience, struct span frame, uint64_t version);

/* There is something to seal. */
bool audience_has_pending(const struct audience *audience);

/* Make the pending batch the one being flushed, and the newest of the chain. */
void audience_seal(struct audience *audience, uint64_t now_ms);

/* All members were served with the batch being flushed. */
void audience_flushed(struct audience *audience);

/* Let go of the chain's end when no member has a place in it. */
void audience_trim(struct audience *audience);

/* The set's index of a runner; its size when it is not in the set. */
uint32_t audience_index_of(const struct audience *audience, const struct runner *runner);

#endif
