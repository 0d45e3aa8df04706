/*
 * interest: is anybody following a runner, on whatever worker? So that those who publish for nobody may spare their batteries.
 *
 * Counted by the hash of the id, by a key that nobody knows: two runners may share a place, and then one of them is taken for followed
 * when the other is, which costs its battery and nothing else. Any thread, no lock.
 */
#ifndef SPECTATE_APP_INTEREST_H
#define SPECTATE_APP_INTEREST_H

#include <stdbool.h>

#include "proto/position.h"

struct interest;

/* Owned by the caller. */
struct interest *interest_new(void);
void interest_free(struct interest **interest);

/* One worker has followers of it now; or has none any more: as hub_options.on_followed. `context` is the interest. */
void interest_change(void *context, const struct runner_id *id, bool is_followed);

bool interest_is_in(const struct interest *interest, const struct runner_id *id);

#endif
