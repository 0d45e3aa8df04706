/*
 * change: what a job of store_change() may do. Each returns 0 or more, or ERR_SYSTEM, ERR_NO_MEMORY, and what it says itself; after a
 * failure of the disk the job returns it, so that all is undone.
 */
#ifndef SPECTATE_STORE_CHANGE_H
#define SPECTATE_STORE_CHANGE_H

#include <stdbool.h>

#include "store/reader.h"

#define STORE_GROUPS_STAY SIZE_MAX /* in place of a number of groups */

/* What is known of a runner is now this, groups too unless they stay as they are. ERR_TOO_BIG: a text or the number of groups is; ERR_INVALID: a group has no name. */
int store_set_runner(struct store_writer *writer, const struct store_runner *runner);

/* A runner on the way to being erased, in the order of fix times. */
struct store_erasing {
    struct runner_id runner;
    size_t limit;    /* positions to erase at most in one job */
    int64_t next_ms; /* INT64_MIN at the beginning; what is before is erased */
    uint64_t erased; /* positions, by this job */
    bool is_over;    /* or the rest takes another job */
};

/*
 * When it is over nothing remains of the runner: positions, name, groups; but what came after the first job may. The bytes are
 * overwritten in the file and gone from its log; while a reader is in the way, from the log somewhat later. Copies that were made
 * (store/backup.h) keep theirs. 0 or ERR_NOT_FOUND.
 */
int store_erase_runner(struct store_writer *writer, struct store_erasing *erasing);

/* Runners of this group lose what is older than this. */
struct store_erase_rule {
    struct span group;
    int64_t before_ms;
};

/*
 * Erasing by age. A runner with groups that rules name loses what is before the earliest of their times, any other what is before
 * `before_ms` (INT64_MIN: nothing).
 */
struct store_erase_age {
    int64_t before_ms;
    const struct store_erase_rule *rules;
    size_t rule_count;
    size_t limit; /* positions to erase at most; ask again until there are fewer */
};

/*
 * Erase by fix time. A runner of whom nothing else is known goes with its last position. Cursors from before what was erased can't be
 * resumed from any more. Returns 0; `*erased`: how many positions.
 */
int store_erase_before(struct store_writer *writer, const struct store_erase_age *age,
                       uint64_t *erased);

/* Positions, in the transaction of this job: for an import that takes what there is or nothing. The same rules as store_put(). */
int store_put_now(struct store_writer *writer, const struct store_record *records, size_t count);

#endif
