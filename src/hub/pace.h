/*
 * pace: audiences that get at most one position of each runner in a time gather what changed since their last tick.
 */
#ifndef SPECTATE_HUB_PACE_H
#define SPECTATE_HUB_PACE_H

#include "hub/state.h"

/* The ticks that are due. hub_next_tick_ms() says when the next is. */
void pace_turn(struct hub *hub, uint64_t now_ms);

#endif
