/*
 * gaps: numbers of positions that were passed on live but are not in the store: of each origin the highest.
 *
 * A cursor before one of them can't be resumed from. They are noted by any thread, and written to the table `gap` with the next
 * transaction; there only those of the latest boot that has any are kept, since a cursor of an earlier boot lies before them all.
 */
#ifndef SPECTATE_STORE_GAPS_H
#define SPECTATE_STORE_GAPS_H

#include <pthread.h>

#include "store/db.h"

struct gaps {
    pthread_mutex_t lock;
    bool is_lost[CURSOR_ORIGINS_MAX]; /* under the lock, as all below */
    uint64_t highest[CURSOR_ORIGINS_MAX];
    uint64_t changes; /* how often these have changed */
    uint64_t saved;   /* `changes` as of the last gaps_saved() */
};

void gaps_init(struct gaps *gaps);
void gaps_fini(struct gaps *gaps);

/* This number of this boot. Any thread. */
void gaps_note(struct gaps *gaps, uint16_t origin, uint64_t sequence);

/* Is there something that is not in the table? */
bool gaps_are_new(struct gaps *gaps);

/* Write them, in a transaction of the caller's; then, when it is on disk, gaps_saved() with `*changes`. 0 or a failure. */
int gaps_write(struct gaps *gaps, struct db *db, uint32_t boot, uint64_t *changes);
void gaps_saved(struct gaps *gaps, uint64_t changes);

/* One that belongs to any boot, in a transaction of the caller's. 0 or a failure. */
int gaps_write_one(struct db *db, uint32_t boot, uint16_t origin, uint64_t sequence);

/* Does one lie behind the cursor? 1, 0 or a failure. `boot` is this one. */
int gaps_lie_behind(struct gaps *gaps, struct db *db, uint32_t boot, const struct cursor *cursor);

#endif
