/*
 * schema: the form of the file, and how it came about.
 *
 * Every change of form is a numbered migration: text that is never changed once it was released, only followed by another. A
 * file says in PRAGMA user_version how many were done to it; those that are missing are done at the start, all or none. A file
 * with more than we know was written by a newer version and is refused, untouched.
 */
#ifndef SPECTATE_STORE_SCHEMA_H
#define SPECTATE_STORE_SCHEMA_H

#include "store/db.h"

/* "spct", in PRAGMA application_id: a file that is somebody else's is not taken. */
#define SCHEMA_APPLICATION_ID 0x73706374

struct schema {
    const char *const *migrations; /* number i leads to version i + 1 */
    size_t count;
};

/* What this program needs. */
extern const struct schema store_schema;

/*
 * Bring the file of a new connection (DB_CREATES) to this form, in WAL mode. 0; ERR_FORMAT: it is no store, or damaged; ERR_INVALID: newer;
 * ERR_SYSTEM, ERR_NO_MEMORY. With `trouble`, and the file is as it was.
 */
int schema_bring_up(struct db *db, const struct schema *schema, struct store_trouble *trouble);

/* Is it just this form? 0, or a failure of schema_bring_up(), which is not tried: ERR_INVALID also for one that is older. */
int schema_check(struct db *db, const struct schema *schema, struct store_trouble *trouble);

/* Begin the next boot, in a transaction of its own. 0 or a failure. */
int schema_next_boot(struct db *db, struct store_identity *identity);

/* Which store, in which boot. 0 or a failure; ERR_FORMAT: there is no such row. */
int schema_read_identity(struct db *db, struct store_identity *identity);

/* Say what failed: "CONTEXT: what SQLite says". */
void trouble_set(struct store_trouble *trouble, const char *context, const char *text);

#endif
