/*
 * db: one connection to the file, its prepared statements, and SQLite's results as ours. Used by one thread at a time.
 */
#ifndef SPECTATE_STORE_DB_H
#define SPECTATE_STORE_DB_H

#include <sqlite3.h>

#include "store/store.h"

enum db_sql {
#define SQL(name, ...) SQL_##name,
#include "store/sql.def"
#undef SQL
    SQL_TOTAL
};

/* Where a store lies. Borrowed by all connections. */
struct db_place {
    const char *path;
    const char *vfs;
    int busy_ms;
};

enum db_use { DB_CREATES, DB_WRITES, DB_READS };

/* All zero: not open. */
struct db {
    sqlite3 *handle;                     /* owned */
    sqlite3_stmt *statements[SQL_TOTAL]; /* owned; as SQL_* */
    int code;                            /* SQLite's, of the last failure; 0: none */
};

/*
 * Connect, and nothing more: with DB_CREATES there may be no tables yet. 0, or a failure, with `code` and a text by db_text(); to be
 * closed in any case.
 */
int db_connect(struct db *db, const struct db_place *place, enum db_use use);

/* Prepare all statements. 0, or a failure: the tables are not ours, say. */
int db_prepare(struct db *db);

/* Right from any state; then it is all zero but `code`. */
void db_close(struct db *db);

/* A failure of SQLite's as ours: ERR_NO_MEMORY, ERR_FORMAT (damaged, or no database), ERR_SYSTEM; 0 for none. Noted in `code`. */
int db_result(struct db *db, int code);

/* The last failure for people. Valid until the connection is used again. */
const char *db_text(const struct db *db);

/* 1: it is at a row; 0: it is done, and reset; or a failure, and reset. */
int db_step(struct db *db, sqlite3_stmt *statement);

/* Bindings are done: run it to its end. Returns how many rows it changed. */
int db_run(struct db *db, enum db_sql sql);

/* Text of any length, without results. 0 or a failure. */
int db_run_text(struct db *db, const char *text);

/* The number that a statement with one column and one row gives: 1, 0 (no row, `*value` untouched) or a failure. */
int db_read_int(struct db *db, sqlite3_stmt *statement, int64_t *value);

/* Undo the transaction, if there is one. */
void db_rollback(struct db *db);

#endif
