/*
 * slow: what is kept of a follower whose socket was full: how much may be under way to it, and how far it has caught up.
 *
 * A position that has been written can't be taken back: it is delivered however old it is by then. So the slower a follower
 * reads, the less may be under way to it, wherever that lies: in our socket, in the network, in a proxy, in its own buffers.
 * Only its end can tell what it has read. So a probe is sent behind what was written, and answered once all before it was
 * read. The window is how many bytes may be unread; it follows the speed so that what is written is read within a quarter of
 * the bound (docs/decisions/0009). When it is used up, the follower is held as if its socket were full.
 *
 * One that never answers a probe is waited for once in its life, and then served as its socket has room.
 */
#ifndef SPECTATE_HUB_SLOW_H
#define SPECTATE_HUB_SLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hub/state.h"

struct catchup;

struct slow {
    struct catchup *catchup; /* owned; NULL: all its set is served up to the cursor */
    uint64_t probed_ms;      /* when the last probe was sent */
    uint32_t probe;          /* its number */
    uint32_t probed_bytes;   /* unread when it was sent */
    uint32_t unread_bytes;   /* written, and not known to be read */
    uint32_t later_bytes;    /* of these, written after the probe */
    uint32_t window_bytes;   /* 0: there is no bound, it only catches up */
    uint8_t repeats;         /* how often the probe was sent again */
    uint8_t doubted;         /* probe of its audience whose answer would clear it; 0: none */
    bool is_probing;         /* the answer is awaited */
};

/* What followers of this dialect have under way is bounded. */
bool slow_is_bounded(const struct hub *hub, const struct hub_dialect *dialect);

/* An answer that took so long shows a slow reader. */
bool slow_is_late(const struct hub *hub, uint64_t elapsed_ms);

/* There is one, if need be without a window. 0 or ERR_NO_MEMORY. */
int slow_ensure(struct hub *hub, struct follower *follower);

/* It keeps nothing any more. NULL inside is fine. */
void slow_free(struct hub *hub, struct follower *follower);

/* Its record of catching up is forgotten. */
void slow_forget_catchup(const struct follower *follower);

/* It has caught up: where there is no window, nothing is kept of it. */
void slow_catch_up_ended(struct hub *hub, struct follower *follower);

/* The record of its catching up; NULL: none. */
struct catchup *slow_catchup(const struct follower *follower);

/* How much to write to it at a time. 0: it is full or held. SIZE_MAX: as much as the socket takes. */
size_t slow_portion(const struct follower *follower);

/* Bytes were handed to its sink. */
void slow_wrote(const struct follower *follower, size_t bytes);

/* After writing: from the first full socket on there is a window; and a probe is sent when it is due. */
void slow_look(struct hub *hub, struct follower *follower, uint64_t now_ms);

/*
 * It was late to answer a probe of its audience: if it is in sync, nothing more goes to it until it has read what is
 * under way. True: so it is.
 */
bool slow_suspect(struct hub *hub, struct follower *follower, uint64_t now_ms);

/*
 * It is not late yet, but `later_bytes` of the stream have followed the last probe of its audience
 * already. It is suspected, but the answer to that probe makes way for half as much again; and when it
 * has read the later bytes in time too, it was only far away, and has no window any more.
 */
void slow_doubt(struct hub *hub, struct follower *follower, uint32_t later_bytes, uint64_t now_ms);

/* It is over the lag budget: the window begins small. */
void slow_fall_behind(struct hub *hub, struct follower *follower, uint64_t now_ms);

/* An answer came. True: it is that to the last probe, and there may be room now. */
bool slow_hear(struct hub *hub, struct follower *follower, uint32_t probe, uint64_t now_ms);

/* Now and then: a late answer narrows the window, and one that keeps up needs none. True: there may be room now. */
bool slow_tend(struct hub *hub, struct follower *follower, uint64_t now_ms);

#endif
