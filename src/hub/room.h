/*
 * room: how much a slow reader's socket may hold back, so that what it reads is fresh.
 *
 * A position that has been written to a socket can't be taken back: it is delivered however old it is by then. So the slower
 * a follower drains, the less may lie in its socket. While it is behind, each go tells how fast it drains; what fits into an
 * eighth of the bound at that speed is its room (the socket holds up to twice that, and the peer's some more). In sync again, the room widens step by step.
 */
#ifndef SPECTATE_HUB_ROOM_H
#define SPECTATE_HUB_ROOM_H

#include <stddef.h>
#include <stdint.h>

#include "hub/state.h"

/* Before a go at catching up: choose the room by how the last one drained. */
void room_choose(struct hub *hub, struct follower *follower, uint64_t now_ms);

/* Now and then: a follower that keeps up gets twice the room. */
void room_widen(struct hub *hub, struct follower *follower);

/* How much to write at a time. */
size_t room_bytes(const struct follower *follower);

#endif
