/*
 * serve: what one follower is owed, and how it gets it.
 *
 *   in sync --full or held--> lagging (a place in the chain) --drained--> in sync
 *                               | over the lag budget
 *                               v
 *                            behind (a version) --drained, all of its set served--> in sync
 *
 * A follower that is lagging or behind has a full socket or is held (hub/slow.h), but for while these functions run. A frame
 * that the socket cut is always completed at once through sink.keep, so that a place is never inside a frame.
 */
#ifndef SPECTATE_HUB_SERVE_H
#define SPECTATE_HUB_SERVE_H

#include "hub/state.h"

/* A flush has come to this member with the batch its audience is flushing. */
void serve_batch(struct hub *hub, struct follower *follower, uint64_t now_ms);

/* It may have room. */
void serve_go_on(struct hub *hub, struct follower *follower, uint64_t now_ms);

/* Give up the place of a follower whose lag is over the budget. */
void serve_check_lag(struct hub *hub, struct follower *follower, uint64_t now_ms);

/* What its audience holds for a follower that keeps up or lags is handed over (kept), before it leaves for another set. */
void serve_hand_over(struct hub *hub, struct follower *follower, uint64_t now_ms);

/* Offer a follower that is behind the newest of each runner that changed since, or word that it fell silent; in sync when none is left. */
void serve_catch_up(struct hub *hub, struct follower *follower, uint64_t now_ms);

/* What it would have been superseded in all its life, if it got so many more and were in sync then. */
uint64_t serve_superseded_without(const struct follower *follower, uint32_t positions);

/* Count what it certainly won't be given any more. */
void serve_count_superseded(struct hub *hub, struct follower *follower);

/* It is behind, or not any more; kept in the counts. */
void serve_set_behind(struct hub *hub, struct follower *follower, bool behind);

/* It is owed all its set anew, in place of what it is owed now. 0 or ERR_NO_MEMORY: as it was. */
int serve_owe_all(struct hub *hub, struct follower *follower, uint64_t now_ms);

/* It leaves for good: count what it was not given, and forget. */
void serve_end(struct hub *hub, struct follower *follower);

/* It is owed nothing of the past any more: drop its place and its record of catching up. */
void serve_forget(struct hub *hub, struct follower *follower);

/* For serve's own files: the sink, what a follower that is behind is owed, and the end of that. */
size_t serve_send(struct hub *hub, struct follower *follower, const struct span *spans,
                  size_t count);
void serve_keep(struct hub *hub, struct follower *follower, struct span rest);
uint64_t serve_served(const struct follower *follower,
                      uint32_t index); /* up to which version of that runner it was */
void serve_in_sync_again(struct hub *hub, struct follower *follower);

#endif
