/*
 * inquiry: something that is asked of the store for a session, or is to be changed there, and its way back to the session's shard.
 *
 * It is run in a thread of the store, and so is `work`, which makes what was found into what will be said. What has come back waits in
 * a list of its shard, which is looked at in each turn. The session may be gone by then.
 */
#ifndef SPECTATE_APP_INQUIRY_H
#define SPECTATE_APP_INQUIRY_H

#include <stdint.h>

#include "app/session.h"
#include "store/store.h"

struct inquiries;

/* Embedded at the beginning of what it is about. Set `job.read` or `job.change`, and the functions. */
struct inquiry {
    struct store_job job;
    struct inquiry *next; /* of those that came back */
    struct shard *home;
    uint64_t session_id;
    int err; /* how it went, as a store_job's */
    /* In the store's thread, when it was run without a failure; may fail itself. NULL: nothing is left to do. */
    int (*work)(struct inquiry *inquiry);
    /* At home. It is the callee's again. NULL: the session has ended. */
    void (*on_back)(struct inquiry *inquiry, struct session *session);
};

/* Of one shard. Owned by the caller. */
struct inquiries *inquiries_new(void);

/* When the store has been closed. What has come back is told that its session has ended. */
void inquiries_free(struct inquiries **inquiries);

/*
 * For this session of a shard with a store, which awaits it (app/session.h), if it is still there. 0; ERR_FULL, ERR_CLOSED: it is still
 * the caller's.
 */
int inquiry_ask(struct inquiry *inquiry, struct shard *shard, uint64_t session_id);
int inquiry_change(struct inquiry *inquiry, struct shard *shard, uint64_t session_id);

/* In each turn. */
void inquiries_collect(struct shard *shard);

#endif
