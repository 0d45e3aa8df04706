/*
 * status: who has not been heard of for some time, and telling so to those who follow.
 *
 * A change of status goes along with the positions, as a frame of its own, to those who are in sync or lag; with a pace, at the next
 * tick. Who is behind or joins sees the status of each runner with its newest position.
 */
#ifndef SPECTATE_HUB_STATUS_H
#define SPECTATE_HUB_STATUS_H

#include "hub/state.h"

/* Those that have become stale or lost. */
void status_turn(struct hub *hub, uint64_t now_ms);

/* The runner's status has changed, with this version: tell. Without memory for it, it is not told. */
void status_changed(struct hub *hub, struct runner *runner, uint64_t version, uint64_t now_ms);

/* Append the notice to an audience's pending batch. 0 or ERR_NO_MEMORY. */
int status_append(struct hub *hub, struct audience *audience, const struct runner *runner,
                  uint64_t version);

#endif
