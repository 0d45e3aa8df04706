/*
 * doorstep: connections from trusted proxies that have not yet said on whose behalf they come (PROXY protocol).
 *
 * One that says so becomes a session from the address that it named, and is admitted, counted and limited by that. One that
 * says nothing in time, or nonsense, is closed without a word: it is not known yet what it would understand.
 */
#ifndef SPECTATE_APP_DOORSTEP_H
#define SPECTATE_APP_DOORSTEP_H

#include <stdbool.h>

#include "net/address.h"

struct shard;
struct doorstep; /* one who waits; listed in its shard */

/* Has a connection from there to say so first? */
bool doorstep_is_for(const struct shard *shard, const struct address *peer);

/* Take over an accepted descriptor. 0, or ERR_*: the descriptor is still the caller's. */
int doorstep_wait(struct shard *shard, int fd, const struct address *peer);

/* The sweep: those whose time is over. */
void doorstep_sweep(struct shard *shard);

/* The server is going away: close all of them. */
void doorstep_clear(struct shard *shard);

#endif
