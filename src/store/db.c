#include "store/db.h"

#include "base/err.h"
#include "store/row.h"

#define WRITER_CACHE "PRAGMA cache_size = -65536"
#define READER_CACHE "PRAGMA cache_size = -8192"

/* For the writer also what erases for good: freed bytes are overwritten. The log is folded in by the writer, not by the way. */
static const char write_settings[] = "PRAGMA page_size = 4096;"
                                     "PRAGMA synchronous = FULL;"
                                     "PRAGMA secure_delete = ON;"
                                     "PRAGMA wal_autocheckpoint = 0;"
                                     "PRAGMA journal_size_limit = 134217728;" WRITER_CACHE;

static const char read_settings[] = "PRAGMA query_only = ON;"
                                    "PRAGMA wal_autocheckpoint = 0;" READER_CACHE;

static const char *const texts[] = {
#define SQL(name, ...) __VA_ARGS__,
#include "store/sql.def"
#undef SQL
};

int db_result(struct db *db, int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return 0;
    case SQLITE_NOMEM:
        db->code = code;
        return ERR_NO_MEMORY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        db->code = code;
        return ERR_FORMAT;
    default:
        db->code = code;
        return ERR_SYSTEM;
    }
}

const char *db_text(const struct db *db)
{
    return db->handle != NULL ? sqlite3_errmsg(db->handle) : sqlite3_errstr(db->code);
}

/* Our threads share no connection, so SQLite need not lock it. A reader, too, writes to the index of the log. */
int db_connect(struct db *db, const struct db_place *place, enum db_use use)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    if (use == DB_CREATES)
        flags |= SQLITE_OPEN_CREATE;
    *db = (struct db){0};
    int err = db_result(db, sqlite3_open_v2(place->path, &db->handle, flags, place->vfs));
    if (err < 0)
        return err;
    sqlite3_extended_result_codes(db->handle, 1);
    sqlite3_busy_timeout(db->handle, place->busy_ms);
    return db_run_text(db, use == DB_READS ? read_settings : write_settings);
}

int db_prepare(struct db *db)
{
    int err = 0;
    for (size_t i = 0; i < SQL_TOTAL && err == 0; i++)
        err = db_result(db, sqlite3_prepare_v3(db->handle, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                                               &db->statements[i], NULL));
    return err;
}

void db_close(struct db *db)
{
    for (size_t i = 0; i < SQL_TOTAL; i++)
        sqlite3_finalize(db->statements[i]);
    sqlite3_close_v2(db->handle);
    *db = (struct db){.code = db->code};
}

int db_step(struct db *db, sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        return 1;
    int err = db_result(db, code);
    sqlite3_reset(statement);
    return err;
}

int db_run(struct db *db, enum db_sql sql)
{
    int err = db_step(db, db->statements[sql]);
    if (err > 0)
        sqlite3_reset(db->statements[sql]);
    return err < 0 ? err : sqlite3_changes(db->handle);
}

int db_run_text(struct db *db, const char *text)
{
    return db_result(db, sqlite3_exec(db->handle, text, NULL, NULL, NULL));
}

int db_read_int(struct db *db, sqlite3_stmt *statement, int64_t *value)
{
    int got = db_step(db, statement);
    if (got > 0) {
        *value = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
    }
    return got;
}

void db_rollback(struct db *db)
{
    if (db->handle == NULL || sqlite3_get_autocommit(db->handle))
        return;
    sqlite3_step(db->statements[SQL_ROLLBACK]);
    sqlite3_reset(db->statements[SQL_ROLLBACK]);
}
