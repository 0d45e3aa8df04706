/*
 * erase_age: the part of change.h about erasing by age, and what it means for one runner.
 */
#ifndef SPECTATE_STORE_ERASE_AGE_H
#define SPECTATE_STORE_ERASE_AGE_H

#include "store/change.h"
#include "store/db.h"

/* What of this runner is before here goes: `*before_ms`. 0 or a failure. */
int erase_age_bound(struct db *db, const struct store_erase_age *age, const struct runner_id *id,
                    int64_t *before_ms);

#endif
