/*
 * runner: who positions are published for, with the newest position and the audiences that contain it.
 *
 * A runner exists while it has a position or is followed. Those with a position are also in the list of their status, each in the
 * order of last renewal: so the ones nobody renews are found without a search, at the heads.
 */
#ifndef SPECTATE_HUB_RUNNER_H
#define SPECTATE_HUB_RUNNER_H

#include <stddef.h>
#include <stdint.h>

#include "hub/hub.h"
#include "hub/table.h"
#include "proto/position.h"

struct audience;

struct runner {
    struct position newest;  /* `newest.runner` is the id, always */
    uint64_t version;        /* of `newest`; 0: no position yet */
    uint64_t renewed_ms;     /* when `newest` was published, monotonic */
    uint64_t status_version; /* when the status last changed, but by a new position; 0: never */
    struct audience **links; /* owned; the audiences that contain it */
    uint32_t link_count;
    uint32_t link_capacity;
    uint8_t status;      /* enum runner_status */
    struct runner *prev; /* in the list of its status, oldest first; only with a position */
    struct runner *next;
    UT_hash_handle hh;
};

struct runner_table {
    struct runner *by_id;
    struct runner *by_status[RUNNER_LOST + 1];
    size_t count;
    size_t with_position;
    size_t max;                   /* 0: no limit */
    hub_followed_fn *on_followed; /* NULL: of no interest */
    void *context;                /* of it */
};

/*
 * Find or make one that is to be followed, or to get a position. 0; ERR_NO_MEMORY; ERR_TOO_MANY: there are `max` already. For a
 * position those don't count that have none: whoever follows made-up ids keeps no runner out. So there are twice `max` at most. What was
 * made and is not used is released by the caller.
 */
int runner_ensure_followed(struct runner_table *table, const struct runner_id *id,
                           struct runner **out);
int runner_ensure_published(struct runner_table *table, const struct runner_id *id,
                            struct runner **out);

/* A newer position takes the place of the newest, and the runner is live. */
void runner_renew(struct runner_table *table, struct runner *runner,
                  const struct position *position, uint64_t version, uint64_t now_ms);

/* The one of them all that was renewed longest ago. NULL: none has a position. */
struct runner *runner_oldest(const struct runner_table *table);

/* The oldest of its list is now of the next status. */
void runner_set_status(struct runner_table *table, struct runner *runner, enum runner_status status,
                       uint64_t version);

/* NULL: there is no such runner. */
struct runner *runner_find(const struct runner_table *table, const struct runner_id *id);

/* Forget the newest position. The runner may be released with it. */
void runner_forget(struct runner_table *table, struct runner *runner);

/* Free it when it has neither position nor audience. */
void runner_release(struct runner_table *table, struct runner *runner);

/* Room for one more link. 0 or ERR_NO_MEMORY. */
int runner_reserve_link(struct runner *runner);

/* Add a link, for which there is room; returns its slot. */
uint32_t runner_link(const struct runner_table *table, struct runner *runner,
                     struct audience *audience);

/* Take away the link in `slot`. The last link moves there, and is returned so that it learns of it; NULL: none moved. */
struct audience *runner_unlink(const struct runner_table *table, struct runner *runner,
                               uint32_t slot);

/* Free all runners; none may have links. */
void runner_table_fini(struct runner_table *table);

#endif
