/*
 * world: a hub with everything around it played: sockets, readers and the clock.
 *
 * A world holds one hub and its peers. A peer is a session whose socket takes `room` bytes and then says "full", cutting a
 * frame wherever that happens, with an outbox for the bytes that the hub gave it to keep. The world reads what each peer was
 * handed as a stream of frames of a dialect made for this, and so notices anything that a client would stumble over. After
 * every call of the hub it also checks what must hold always:
 *
 *   - each stream ends at a frame boundary, so that a pong or a close could follow;
 *   - nothing is offered to a full socket, nor to a session that has left;
 *   - hub_stats().delivered is the number of positions in all the streams;
 *   - a frame of several positions never says less, or more than was published, of where its reader is.
 *
 * With options.fresh_ms there are probes in the streams, which a peer answers when the test says so.
 *
 * What is broken is told to the function given to world_tell_broken(), which must not return; without one it is a failed
 * CHECK. So unit tests and the fuzzer share this file. Its own memory does not come from base/mem: mem_fail_after() hits the
 * hub alone.
 */
#ifndef SPECTATE_TESTS_LIB_WORLD_H
#define SPECTATE_TESTS_LIB_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hub/hub.h"

#define WORLD_FRAME_MAX_BYTES 65535
#define WORLD_NOTICES 64
#define ROOM_WITHOUT_END UINT64_MAX

/* Three dialects: frames of some thirty bytes, of some two hundred more, and of several of the first kind in one. */
extern const struct hub_dialect dialect_compact;
extern const struct hub_dialect dialect_bulky;
extern const struct hub_dialect dialect_packed;

/* What a position says: a number to know it again by, and the fix time. */
struct moment {
    int64_t number;
    int64_t time_ms;
    uint16_t rest_us;
    bool is_fix; /* of the device; else of arrival */
};

/* The `number`-th position of a test, a second after the one before. */
struct moment at(int64_t number);

struct arrival {
    struct runner_id runner;
    struct moment moment;
    uint64_t end; /* offset in the peer's stream behind its frame */
};

/* A change of status that was told, in the packed dialect. */
struct notice {
    struct runner_id runner;
    enum runner_status status;
    size_t arrivals; /* before it */
};

/* What a frame of several positions said besides them. */
struct sealed {
    size_t positions;
    size_t arrivals; /* of its peer, with these */
    bool is_snapshot;
    bool has_applied;
    uint64_t applied; /* of origin 0 */
    uint64_t superseded;
};

/* A probe in a peer's stream. */
struct probe_seen {
    uint32_t number;
    uint64_t end; /* offset behind it */
};

struct peer {
    struct follower follower;
    struct world *world;
    struct peer *next;
    bool open; /* has not left for good */

    /* The socket. */
    uint64_t room; /* bytes it takes before it is full */
    bool full;     /* the hub was told so and must wait */
    uint64_t handed_bytes;
    uint64_t passed_bytes; /* of these, through the socket; the rest is in the outbox */
    uint64_t sends;        /* offers of the hub */
    uint64_t kept_bytes;   /* given to the outbox since the world was made */

    /* The reader. */
    uint8_t *frame; /* begun, not whole */
    size_t frame_len;
    struct arrival *arrivals; /* all that was handed over, in order */
    size_t arrival_count;
    size_t arrival_capacity;
    size_t read; /* arrivals that peer_next() gave */
    struct probe_seen *probes;
    size_t probe_count;
    size_t probe_capacity;
    size_t answered;       /* of the probes */
    struct sealed *sealed; /* frames of several positions */
    size_t sealed_count;
    size_t sealed_capacity;
    struct notice notices[WORLD_NOTICES]; /* the first ones */
    size_t notice_count;
};

struct world {
    struct hub *hub;
    struct hub_options options;
    uint64_t now_ms;
    struct peer *peers; /* also those that left */
    uint64_t arrivals;  /* of all peers, ever */
    uint64_t encoded;   /* calls of the dialects */
    uint64_t sequence;  /* of the last position; all are of origin 0 */
};

void world_tell_broken(void (*tell)(const char *what, const char *file, int line));

/* Limits that no small test reaches: 64 KiB and 1 s of lag, all sends in one flush. The sink is the world's own. */
struct hub_options world_usual(void);

struct world *world_new(struct hub_options options);

/* All peers leave, the hub must be empty of them, and all is freed. */
void world_free(struct world **world);

/* A peer that follows nothing yet, with a socket that is never full. Owned by the world. */
struct peer *world_join(struct world *world, const struct hub_dialect *dialect);

/* A compact peer that follows `ids`, which are separated by spaces. */
struct peer *world_follow(struct world *world, const char *ids);

/* hub_follow() with ids separated by spaces; what it returned. */
int peer_try_follow(struct peer *peer, const char *ids, struct hub_follow how);
void peer_follow(struct peer *peer, const char *ids);
void peer_follow_with_snapshot(struct peer *peer, const char *ids);

/* Follow nothing any more, but stay connected. */
void peer_leave(struct peer *peer);

/* hub_publish(), without a flush; what it returned. */
int world_receive(struct world *world, const char *id, struct moment moment);

/* One hub_flush(): is there more? */
bool world_flush(struct world *world);

/* Flush until nothing is left to do. */
void world_turn(struct world *world);

/* One position, accepted, in a loop turn of its own. */
void world_publish(struct world *world, const char *id, struct moment moment);

void world_advance(struct world *world, uint64_t ms);
void world_expire(struct world *world, size_t budget);

/* The socket takes that much more and is full then. */
void peer_limit(struct peer *peer, uint64_t room);

/* The socket takes nothing more. */
void peer_block(struct peer *peer);

/* Other bytes than the hub's have filled the socket. */
void peer_block_unseen(struct peer *peer);

/* The reader takes `bytes`, so that the outbox and then the hub may go on. */
void peer_drain(struct peer *peer, uint64_t bytes);

/* The reader takes everything from now on; the turn ends. */
void peer_unblock(struct peer *peer);

/* The reader answers the probes that end at or before this offset of its stream; all that came through the socket. */
void peer_answer_up_to(struct peer *peer, uint64_t offset);
void peer_answer(struct peer *peer);

/* The next position that came through the socket; NULL: none. Valid until the hub is called again. */
const struct arrival *peer_next(struct peer *peer);
bool arrival_is_of(const struct arrival *arrival, const char *id);

/* The next position that came is this one; no further one came; each at the place of the caller. */
#define peer_expect(peer, id, moment) peer_expect_from(peer, id, moment, __FILE__, __LINE__)
#define peer_expect_nothing_more(peer) peer_expect_nothing_more_from(peer, __FILE__, __LINE__)
void peer_expect_from(struct peer *peer, const char *id, struct moment moment, const char *file,
                      int line);
void peer_expect_nothing_more_from(struct peer *peer, const char *file, int line);

struct runner_id runner_id_of(const char *text);
/* Of the frame of a position; of several in one, it is the most that each adds. */
size_t frame_bytes(const struct hub_dialect *dialect, const char *id);

#endif
