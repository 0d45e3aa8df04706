/*
 * grants: which ids somebody may publish for, or follow. Immutable once made, but for what its groups hold (grants_rebind()).
 *
 * A pattern is an id, a prefix with a `*` behind it ("pro-*"), `*` alone for every id, or "group:NAME" for the ids of that
 * group. A group that does not exist grants nothing.
 */
#ifndef SPECTATE_AUTH_GRANTS_H
#define SPECTATE_AUTH_GRANTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

#define GRANT_ID_BYTES 64 /* of an id, a prefix, and the name of a group */
#define GRANT_GROUP "group:"

struct auth_groups;
struct grants;

/*
 * `groups` may be NULL: there are none; it is held as long as the grants live.
 * 0 with `*grants` owned by the caller, free of `patterns`; ERR_INVALID: a pattern is empty or too long; ERR_NO_MEMORY.
 */
int grants_new(const struct span *patterns, size_t count, struct auth_groups *groups,
               struct grants **grants);
void grants_free(struct grants **grants);

/*
 * Its groups are those of `groups` (NULL: there are none) from now on. True: it names some, and may grant more and less than
 * before. NULL: false. Nobody else uses the grants meanwhile.
 */
bool grants_rebind(struct grants *grants, struct auth_groups *groups);

/* Do both grant the same? Neither names groups. */
bool grants_equal(const struct grants *grants, const struct grants *other);

/* May the id be used? NULL grants nothing. Cost: O(log n) for ids and prefixes, and that for each group. Any thread. */
bool grants_allow(const struct grants *grants, struct span id);

/* Every id there is. NULL: false. */
bool grants_allow_all(const struct grants *grants);

#endif
