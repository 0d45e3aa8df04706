/*
 * hub: who follows whom, and what each follower is owed.
 *
 * The pure heart of the server: no socket, clock, log or JSON in it. A worker's thread feeds it positions and follows, and
 * at the end of each loop turn lets it flush; it answers through a sink. Per worker, single-threaded, no locks.
 *
 * The way of a position: hub_publish() makes it the newest of its runner, gives it the next version, encodes it once per
 * dialect and appends the frame to the pending buffer of each audience that holds the runner. hub_flush() seals each
 * pending buffer into one shared immutable batch and offers it to each member with one send.
 *
 * A member whose socket is full keeps a place in the audience's chain of batches (two words) and goes on from there when
 * hub_writable() says there is room. When its lag goes over the budget, in bytes or time, it gives up the place and is
 * `behind`: it holds only the version it was served up to, and when it drains gets the newest position of each runner that
 * changed since, in turn, none starving, never an older one after a newer one. Then it is in sync again. (Without memory for
 * the few words that this takes, it may get one of them twice.)
 *
 * A socket may have room while what was written long ago waits in the network or in the reader's own buffers. So a probe goes
 * along with the stream now and then, and who is late to answer gets only as much at a time as it reads in a part of fresh_ms.
 */
#ifndef SPECTATE_HUB_HUB_H
#define SPECTATE_HUB_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"
#include "proto/position.h"

struct hub;
struct audience;
struct batch;
struct slow;

/* What a frame of several positions says besides them. */
struct hub_seal {
    const uint64_t
        *applied; /* hub_applied(): with this frame its reader has all up to there; NULL: not yet */
    size_t origins;
    bool is_snapshot;    /* for one follower: what it had not got when it followed */
    uint64_t superseded; /* for one follower: hub_superseded(); 0 in a frame for all */
};

/* How positions become bytes. Shared by all followers that speak it, and outlives them; one pointer is one dialect. */
struct hub_dialect {
    /*
     * Append one position: a complete frame, or an element of a frame where there is a `seal`; nothing when the dialect has no
     * way to say it. 0 or ERR_NO_MEMORY, with `out` as it was.
     */
    int (*encode)(const struct position *position, struct buf *out);

    /* The same for the newest of a runner that may have been silent since. NULL: `encode` does. */
    int (*encode_newest)(const struct position *position, enum runner_status status,
                         struct buf *out);

    /*
     * Write the complete frame that tells a change of status; `newest` is the runner's, with its id. Returns its length, at most
     * HUB_NOTICE_BYTES. NULL: nobody is told. Takes a `seal`: else who is behind is not told.
     */
    size_t (*write_status)(const struct position *newest, enum runner_status status, uint8_t *out);

    /*
     * Append the one complete frame of these elements, perhaps none: at most HUB_SEAL_BYTES longer than they are. It does not fail
     * when `out` has room for that. NULL: each position is a frame of its own.
     */
    int (*seal)(void *context, const struct hub_seal *seal, struct span elements, struct buf *out);
    void *context; /* of `seal` */

    /*
     * Write a probe, a complete frame that the peer answers once it has read it: hub_answered(). Returns its length,
     * at most HUB_PROBE_BYTES. NULL: there is none, and what a slow reader gets is as old as its buffers are deep.
     */
    size_t (*write_probe)(uint32_t number, uint8_t *out);
};
#define HUB_PROBE_BYTES 16
#define HUB_SEAL_BYTES 1280
#define HUB_NOTICE_BYTES 640
#define HUB_ORIGINS_MAX 64

/* Where a follower's bytes go. The functions must not call the hub back. */
struct hub_sink {
    /*
     * Offer the spans, in order, as one write; return how many bytes were taken. Fewer than offered means that the socket is
     * full: the hub offers nothing more until hub_writable(). Spans are borrowed until return.
     */
    size_t (*send)(void *owner, const struct span *spans, size_t count);

    /*
     * Take a copy of bytes that must go out before anything else of this follower: the rest of a frame that was cut in the
     * middle, a probe, or the backlog of an audience that the follower leaves for a larger one (at most the lag budget and what is
     * pending; a follower that follows again and again without reading is for the owner to bound). Counts as taken.
     */
    void (*keep)(void *owner, struct span rest);
};

/* This hub has followers of the runner now; or has none any more. The function must not call the hub back. */
typedef void hub_followed_fn(void *context, const struct runner_id *id, bool is_followed);

struct hub_options {
    struct hub_sink sink;
    hub_followed_fn *on_followed; /* NULL: of no interest */
    void *context;                /* of it */
    uint16_t origin;              /* of the positions that are published here first */
    size_t max_runners; /* with a position, and again as many that are only followed; 0: no limit */
    size_t lag_bytes;   /* lag budget of a follower, in bytes of its audience's stream */
    uint64_t lag_ms;    /* lag budget of a follower, in age of the oldest batch it has not got */
    size_t hold_bytes;  /* in place of both, of one that is held */
    size_t hold_all_bytes; /* while more than this is queued, lag_bytes in place of hold_bytes */
    uint64_t
        fresh_ms; /* how old what a slow reader gets may be, if it answers probes; 0: no bound, and no probes */
    size_t
        flush_sends; /* sends that one hub_flush() does before it leaves the rest to the next turn; at least 1 */
    uint64_t stale_ms;        /* a runner is stale that was not renewed for so long; 0: never */
    uint64_t lost_ms;         /* and lost after so long, which is more; 0: never */
    uint64_t position_ttl_ms; /* hub_expire() forgets newest positions older than this; 0: never */
};

/* Gauges and running totals, read at any time between calls. */
struct hub_stats {
    size_t followers; /* that follow at least one runner */
    size_t audiences;
    size_t runners;
    size_t behind; /* followers over the lag budget or owed a snapshot */
    size_t slow;   /* followers that are behind, or read so slowly of late that they are probed */
    size_t
        queued_bytes; /* in pending buffers and batches that somebody still claims; each counted once */
    uint64_t received;  /* positions accepted */
    uint64_t late;      /* positions with a fix time before the newest: not relayed */
    uint64_t duplicate; /* positions with the fix time of the newest: not relayed */
    uint64_t delivered; /* (position, follower) pairs handed to the sink whole */
    uint64_t
        superseded; /* pairs given up for a newer one of the same runner; the last few when in sync again, or leaving */
    uint64_t sends; /* calls of sink.send */
    uint64_t moved; /* runners in the sets that followers left and took up: the work of following */
};

/* What is known of a follower's way with probes. */
enum follower_answers { FOLLOWER_IS_UNKNOWN, FOLLOWER_ANSWERS, FOLLOWER_IS_MUTE };

/*
 * A session's place in the hub, embedded in the session; private to the hub but for its size. All zero but `owner` and
 * `dialect` is the state of one that follows nothing.
 */
struct follower {
    void *owner; /* passed to the sink */
    const struct hub_dialect *dialect;
    struct audience *audience; /* NULL: follows nothing */
    struct batch *place;       /* held; the first batch not wholly sent; NULL: none is owed */
    struct slow *slow;         /* owned; hub/slow.h; NULL: it has kept up for some time */
    uint64_t cursor;           /* version up to which it was served */
    int64_t debt;              /* positions owed since it fell behind, less those delivered since */
    uint64_t superseded;       /* running total of this follower */
    uint32_t place_offset;     /* bytes of `place` that were sent: always a frame boundary */
    uint32_t index;            /* in the audience's members */
    uint32_t pace_ms;
    uint8_t answers; /* enum follower_answers */
    uint8_t
        heard; /* number of the last probe of its audience that it answered, or need not answer */
    bool blocked : 1; /* the socket is full */
    bool held : 1;    /* hub_hold() */
    bool patient : 1; /* has been held, and has not got all of that time yet */
    bool behind : 1;
    bool is_joining : 1; /* what it catches up with is the snapshot of a follow */
};

/* Owned by the caller. Aborts without memory. */
struct hub *hub_new(const struct hub_options *options);

/* No follower may be left. NULL inside is fine; nulls the caller's pointer. */
void hub_free(struct hub **hub);

/*
 * A new position. 0: accepted, it will be flushed. HUB_LATE, HUB_DUPLICATE: older than the newest of its runner, or the same by its fix
 * time; counted and not relayed. ERR_TOO_MANY: a new runner over max_runners. ERR_NO_MEMORY: nothing changed. Whatever comes of it, the
 * number of another origin counts as applied; of this one, which the other hubs get only when it is accepted, only then. `now_ms` is
 * monotonic and never decreases from call to call.
 *
 * The newest is the one of the latest time, of equal ones that of the greater origin, then number, and not the last that came: so
 * hubs that get the same positions, each origin's in order and otherwise in any, end with the same newest, and none goes back. Of one
 * fix time the first that came counts, unless two origins accepted one each before they heard of the other.
 */
enum { HUB_LATE = 1, HUB_DUPLICATE = 2 };
int hub_publish(struct hub *hub, const struct position *position, uint64_t now_ms);

/*
 * Add `ids` (repeats and known ones are fine) to what the follower follows. With `snapshot` it is also owed the newest
 * position of each id added now; without, what is published from now on. Nothing owed for what it followed before is lost.
 * ERR_TOO_MANY: over the hub's max_runners; ERR_FULL: it would follow more than max_following; ERR_NO_MEMORY: in each case
 * it follows what it did before, at the pace it had.
 */
struct hub_follow {
    const struct runner_id *ids;
    size_t count;
    size_t max_following; /* 0: no limit */
    bool snapshot;
    bool sets_pace; /* else the pace stays what it is: none at first */
    uint32_t
        pace_ms; /* at most one position of each runner in this time, the newest; 0: all, at once */
};
int hub_follow(struct hub *hub, struct follower *follower, const struct hub_follow *follow,
               uint64_t now_ms);

/*
 * Follow only those of its runners for which `keep` is true. The backlog of one that is not behind goes out first, whole (at
 * most the lag budget, kept by the sink before this returns); then nothing of the others comes any more, and of one that is behind nothing
 * at all. 0; ERR_NO_MEMORY: it follows what it did before.
 */
typedef bool hub_keep_fn(void *ctx, const struct runner_id *id);
int hub_narrow(struct hub *hub, struct follower *follower, hub_keep_fn *keep, void *ctx,
               uint64_t now_ms);

/* How many distinct runners it follows; is this one of them? */
size_t hub_following(const struct follower *follower);
bool hub_follows(const struct hub *hub, const struct follower *follower,
                 const struct runner_id *id);

/* Follow nothing any more, owed nothing; nothing of it remains in the hub. May be called twice. */
void hub_leave(struct hub *hub, struct follower *follower);

/* Positions it did not get since newer ones took their place, in all its life; may lag a little, as hub_stats() does. */
uint64_t hub_superseded(const struct follower *follower);

/* It has not read what is under way to it, and so gets nothing more, though its socket may have room. */
bool hub_is_held(const struct follower *follower);

/*
 * Offer nothing until hub_release(): the owner has to say something first that belongs before it, such as an answer, or what the follower
 * missed. With `patience` what comes meanwhile waits for it, up to hold_bytes and however old it gets, until the follower has got that; over
 * it, it falls behind as any. Of all followers together no more than hold_all_bytes waits so.
 */
void hub_hold(struct follower *follower, bool patience);
void hub_release(struct hub *hub, struct follower *follower, uint64_t now_ms);

/* The socket is full with other bytes than the hub's: offer nothing until hub_writable(). */
void hub_blocked(struct follower *follower);

/* The socket has room again: offer what the follower is owed. */
void hub_writable(struct hub *hub, struct follower *follower, uint64_t now_ms);

/*
 * The peer has read the probe of this number, and so all that was written before it. True: that was awaited. Any number is
 * fine: one that is not awaited still shows that the peer answers probes; 0 never was one, and HUB_PROBE_OF_OWNER none of the hub's.
 */
#define HUB_PROBE_OF_OWNER UINT32_MAX
bool hub_answered(struct hub *hub, struct follower *follower, uint32_t probe, uint64_t now_ms);

/*
 * For each origin of positions (position.h) the number of the last one that came: as each origin's come in order, what followers in
 * sync have got once all is flushed. HUB_ORIGINS_MAX of them; `*origins`: how many may differ from 0. Borrowed.
 */
const uint64_t *hub_applied(const struct hub *hub, size_t *origins);

/*
 * Serve everybody what is pending. True when the budget ran out: call again next turn. The audiences with news take turns, each
 * with so many sends at a time: what comes while a crowd is served waits for one such share of it, not for all.
 */
#define HUB_FLUSH_SHARE 64
bool hub_flush(struct hub *hub, uint64_t now_ms);

/* When something waits for a tick of a pace: hub_flush() is to be called then. UINT64_MAX: nothing waits. */
uint64_t hub_next_tick_ms(const struct hub *hub);

/* The newest position of a runner. False: none is known. */
bool hub_newest(const struct hub *hub, const struct runner_id *id, struct position *position);

/* What is known of a runner; RUNNER_LIVE also when nothing is. */
enum runner_status hub_status(const struct hub *hub, const struct runner_id *id);

/* Forget the newest position of a runner, if there is one, as if none had come. Who follows it goes on following it. */
void hub_forget(struct hub *hub, const struct runner_id *id);

/* Call `visit` for each known newest position, in no order, until it returns false. It must not call the hub. */
typedef bool hub_visit_fn(void *ctx, const struct position *position, enum runner_status status);
void hub_each_newest(const struct hub *hub, hub_visit_fn *visit, void *ctx);

/*
 * Move the ids of runners that got a first position since the last time into `ids` (struct runner_id, one after the other), which is
 * the caller's. Without memory some may be missing.
 */
void hub_take_appeared(struct hub *hub, struct buf *ids);

/* As if all who have a position had got their first one just now. */
void hub_reappear(struct hub *hub);

/* Somebody here follows this runner. */
bool hub_is_followed(const struct hub *hub, const struct runner_id *id);

/* It has got all that was published for it up to now. */
bool hub_is_settled(const struct follower *follower);

/*
 * Owe the follower a snapshot of its whole set, in place of all that it is owed now. 0 or ERR_NO_MEMORY: as it was. A follower that
 * follows nothing is owed nothing.
 */
int hub_owe_snapshot(struct hub *hub, struct follower *follower, uint64_t now_ms);

/*
 * Now and then, about once a second: tell which runners have become stale or lost; forget newest positions that nobody renewed for position_ttl_ms, and the places of
 * followers that are over the lag budget in time while nothing new was published; see how slow readers fare; count
 * what was superseded. Forgets at most `budget` positions.
 */
void hub_expire(struct hub *hub, uint64_t now_ms, size_t budget);

struct hub_stats hub_stats(const struct hub *hub);

#endif
