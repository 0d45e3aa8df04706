/*
 * retention: positions that are older than they may be are erased from the store, again and again while the server runs.
 *
 * A timer of the main thread begins a round: pieces of bounded size, each a change of the store (store/change.h), so that others get their
 * turn between them, until nothing is left that is too old. When the disk fails, the store says so, and the next round tries again.
 */
#ifndef SPECTATE_APP_RETENTION_H
#define SPECTATE_APP_RETENTION_H

#include <stdint.h>
#include <uv.h>

#include "config/options.h"
#include "store/change.h"

struct retention;

/* Owned by the caller. NULL: these options keep all for ever. They are borrowed. */
struct retention *retention_new(const struct options *options);

/* When retention_stop() has closed its timer, and the store is closed. NULL inside is fine. */
void retention_free(struct retention **retention);

/* What is too old now. Borrowed until the next call; not while it runs. NULL in, NULL out. */
const struct store_erase_age *retention_age(struct retention *retention, int64_t now_ms);

/* Begin, with a first round at once; in this loop, whose thread calls these. */
void retention_start(struct retention *retention, struct store *store, uv_loop_t *loop);

/* No further round, and an end of the present one at its next piece. The loop has to turn once more. When it was not started: nothing. */
void retention_stop(struct retention *retention);

#endif
