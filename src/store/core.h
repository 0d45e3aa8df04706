/*
 * core: what the store's threads share.
 */
#ifndef SPECTATE_STORE_CORE_H
#define SPECTATE_STORE_CORE_H

#include <stdatomic.h>

#include "store/db.h"
#include "store/gaps.h"
#include "store/queue.h"
#include "store/tally.h"

struct core {
    struct db_place place; /* unchanged while threads run, as the next */
    struct store_identity identity;
    struct queue queue; /* to the writer */
    struct queue asked; /* from it to the readers */
    struct gaps gaps;
    struct tally tally;
    _Atomic bool is_closing;
};

/*
 * Connect to the file that the store was opened on, ready for use. 0, or a failure that is counted and logged, and `db` is closed;
 * ERR_FORMAT also: another file lies there now.
 */
int core_connect(struct core *core, struct db *db, enum db_use use);

/*
 * Something that `db` was used for has failed. Undoes what was begun, and counts it if it was for the disk or the file. After
 * such a failure the connection is closed: the next one begins afresh. (Not for a full disk or one that others hold: these pass.)
 */
void core_failed(struct core *core, struct db *db, const char *what);

#endif
