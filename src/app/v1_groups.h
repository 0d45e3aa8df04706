/*
 * v1_groups: the groups that a session follows, and who is in them.
 *
 * A group is "*", all runners, or one of the groups file (auth/groups.h). In it counts who has a position, and may be followed by this
 * session; who gets a first position later is met then. Used by the shard's thread.
 */
#ifndef SPECTATE_APP_V1_GROUPS_H
#define SPECTATE_APP_V1_GROUPS_H

#include <stdbool.h>
#include <stddef.h>

#include "app/session.h"
#include "proto/v1.h"

#define V1_GROUPS_MAX 100

/* All zero: none. */
struct v1_groups {
    struct runner_id *names; /* owned */
    size_t count;
};

/* ERR_FULL: more than V1_GROUPS_MAX; ERR_NO_MEMORY: in both cases as it was. */
int v1_groups_add(struct v1_groups *groups, const struct v1_names *names);
void v1_groups_fini(struct v1_groups *groups);

/* Append the runner_ids of all who are in these groups now: that looks at every runner. 0, ERR_NO_MEMORY or ERR_FULL (V1_GROUPS_MAX). */
int v1_groups_members(const struct session *session, const struct v1_names *groups,
                      struct buf *members);

/* Append those of `ids` who are in a group that the session follows. 0 or ERR_NO_MEMORY. */
int v1_groups_among(const struct session *session, const struct runner_id *ids, size_t count,
                    struct buf *members);

/* Of a session that speaks v1. */
const struct v1_groups *v1_session_groups(const struct session *session);

/*
 * Follow no more these runners, and who is in `left` but in none of the groups that are still followed. 0; ERR_FULL: more than
 * V1_GROUPS_MAX are named; ERR_NO_MEMORY.
 */
int v1_groups_leave(struct session *session, struct v1_groups *groups, const struct v1_names *names,
                    const struct v1_names *left);

#endif
