/*
 * groups: named sets of ids, for "group:NAME" in a token. Immutable, counted atomically: shared by all workers, and held by
 * passes, which are given the next ones when there are (pass_set_groups()).
 *
 * Text: {"elite": ["1", 2, "pro-*"], ...}. A group holds ids, prefixes and `*`, not other groups.
 */
#ifndef SPECTATE_AUTH_GROUPS_H
#define SPECTATE_AUTH_GROUPS_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/grants.h"
#include "base/span.h"

#define AUTH_GROUPS_BYTES (16 * 1024 * 1024) /* of the text */
#define AUTH_GROUPS_MESSAGE_BYTES 240

/*
 * 0 with `*groups` shared, its one reference the caller's. ERR_FORMAT: `message` says what is wrong, printable ASCII;
 * ERR_TOO_BIG, ERR_NO_MEMORY: with a message too.
 */
int auth_groups_parse(struct span text, struct auth_groups **groups,
                      char message[AUTH_GROUPS_MESSAGE_BYTES]);

/* Any thread. */
struct auth_groups *auth_groups_hold(struct auth_groups *groups);
void auth_groups_drop(struct auth_groups **groups);

/* Borrowed from `groups`; NULL when there is no such group. Any thread. */
const struct grants *auth_groups_find(const struct auth_groups *groups, struct span name);

/* Do both hold the same? */
bool auth_groups_equal(const struct auth_groups *groups, const struct auth_groups *other);

size_t auth_groups_count(const struct auth_groups *groups);

#endif
