#include "store/schema.h"

#include <stdio.h>

#include "base/err.h"

/*
 * position.runner is the number of a runner: text would be written a thousand times. The number does not refer to the table by a
 * constraint, which would cost a look at it for each position; nobody else writes here. flags: store/row.c. A row of `gap` says
 * that positions up to this number are not all here; only those of the latest boot that has any are kept.
 */
static const char version_1[] =
    "CREATE TABLE meta ("
    "  one INTEGER PRIMARY KEY CHECK (one = 1),"
    "  identity BLOB NOT NULL CHECK (length(identity) = 8),"
    "  boot INTEGER NOT NULL"
    ") STRICT;"
    "INSERT INTO meta (one, identity, boot) VALUES (1, randomblob(8), 0);"
    "CREATE TABLE runner ("
    "  number INTEGER PRIMARY KEY,"
    "  id TEXT NOT NULL UNIQUE,"
    "  name TEXT NOT NULL DEFAULT '',"
    "  bib TEXT NOT NULL DEFAULT '',"
    "  colour TEXT NOT NULL DEFAULT ''"
    ") STRICT;"
    "CREATE TABLE runner_group ("
    "  id TEXT NOT NULL,"
    "  name TEXT NOT NULL,"
    "  PRIMARY KEY (id, name)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX runner_group_by_name ON runner_group (name, id);"
    "CREATE TABLE position ("
    "  runner INTEGER NOT NULL,"
    "  time_ms INTEGER NOT NULL,"
    "  lat_e7 INTEGER NOT NULL,"
    "  lng_e7 INTEGER NOT NULL,"
    "  altitude_cm INTEGER,"
    "  accuracy_cm INTEGER,"
    "  speed_cmps INTEGER,"
    "  heading_cdeg INTEGER,"
    "  battery_percent INTEGER,"
    "  received_ms INTEGER NOT NULL,"
    "  boot INTEGER NOT NULL,"
    "  origin INTEGER NOT NULL,"
    "  sequence INTEGER NOT NULL,"
    "  flags INTEGER NOT NULL,"
    "  PRIMARY KEY (runner, time_ms)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE gap ("
    "  boot INTEGER NOT NULL,"
    "  origin INTEGER NOT NULL,"
    "  sequence INTEGER NOT NULL,"
    "  PRIMARY KEY (boot, origin)"
    ") STRICT, WITHOUT ROWID;";

static const char *const migrations[] = {version_1};

const struct schema store_schema = {migrations, sizeof migrations / sizeof *migrations};

void trouble_set(struct store_trouble *trouble, const char *context, const char *text)
{
    snprintf(trouble->text, sizeof trouble->text, "%s: %s", context, text);
    for (char *at = trouble->text; *at != '\0'; at++)
        if (*at < ' ' || *at > '~')
            *at = '?';
}

static int read_number(struct db *db, const char *text, int64_t *number)
{
    sqlite3_stmt *statement = NULL;
    int err = db_result(db, sqlite3_prepare_v2(db->handle, text, -1, &statement, NULL));
    *number = 0;
    if (err == 0)
        err = db_read_int(db, statement, number);
    sqlite3_finalize(statement);
    return err < 0 ? err : 0;
}

/* What kind of file it is. 0: a store or an empty file, `*version` of it. */
static int look(struct db *db, const struct schema *schema, int64_t *version,
                struct store_trouble *trouble)
{
    int64_t application = 0;
    int64_t tables = 0;
    int err = read_number(db, "SELECT count(*) FROM sqlite_schema", &tables);
    if (err == 0)
        err = read_number(db, "PRAGMA application_id", &application);
    if (err == 0)
        err = read_number(db, "PRAGMA user_version", version);
    if (err < 0) {
        trouble_set(trouble, err == ERR_FORMAT ? "not a store, or damaged" : "can't be read",
                    db_text(db));
        return err;
    }
    if (application != SCHEMA_APPLICATION_ID &&
        (application != 0 || *version != 0 || tables != 0)) {
        trouble_set(trouble, "not a store", "it is a database of another program");
        return ERR_FORMAT;
    }
    if (*version < 0 || *version > (int64_t)schema->count) {
        char text[100];
        snprintf(text, sizeof text, "its form is number %lld, this one knows up to %zu",
                 (long long)*version, schema->count);
        trouble_set(trouble, "written by a newer version", text);
        return ERR_INVALID;
    }
    return 0;
}

static int migrate(struct db *db, const struct schema *schema, size_t version)
{
    char numbers[100];
    snprintf(numbers, sizeof numbers, "PRAGMA application_id = %d; PRAGMA user_version = %zu",
             SCHEMA_APPLICATION_ID, schema->count);
    int err = db_run_text(db, "BEGIN IMMEDIATE");
    for (size_t i = version; i < schema->count && err == 0; i++)
        err = db_run_text(db, schema->migrations[i]);
    if (err == 0)
        err = db_run_text(db, numbers);
    return err == 0 ? db_run_text(db, "COMMIT") : err;
}

/* SQLite answers by the mode that it has come to be. */
static int use_log(struct db *db)
{
    sqlite3_stmt *statement = NULL;
    int err = db_result(
        db, sqlite3_prepare_v2(db->handle, "PRAGMA journal_mode = WAL", -1, &statement, NULL));
    if (err == 0)
        err = db_step(db, statement);
    if (err > 0) {
        const unsigned char *mode = sqlite3_column_text(statement, 0);
        err = mode != NULL && sqlite3_stricmp((const char *)mode, "wal") == 0 ? 0 : ERR_SYSTEM;
    }
    sqlite3_finalize(statement);
    return err;
}

int schema_bring_up(struct db *db, const struct schema *schema, struct store_trouble *trouble)
{
    int64_t version = 0;
    int err = look(db, schema, &version, trouble);
    if (err < 0)
        return err;
    err = use_log(db);
    if (err == 0 && version < (int64_t)schema->count)
        err = migrate(db, schema, (size_t)version);
    if (err < 0)
        trouble_set(trouble, "can't be brought to this version's form", db_text(db));
    return err;
}

int schema_check(struct db *db, const struct schema *schema, struct store_trouble *trouble)
{
    char text[100];
    int64_t version = 0;
    int err = look(db, schema, &version, trouble);
    if (err < 0 || version == (int64_t)schema->count)
        return err;
    snprintf(text, sizeof text, "its form is number %lld; a server or an import brings it to %zu",
             (long long)version, schema->count);
    trouble_set(trouble, version == 0 ? "not a store yet" : "of an older version", text);
    return ERR_INVALID;
}

int schema_read_identity(struct db *db, struct store_identity *identity)
{
    sqlite3_stmt *statement = db->statements[SQL_READ_META];
    int got = db_step(db, statement);
    if (got <= 0)
        return got < 0 ? got : ERR_FORMAT;
    const void *bytes = sqlite3_column_blob(statement, 0);
    int err = ERR_FORMAT;
    if (bytes != NULL && sqlite3_column_bytes(statement, 0) == sizeof identity->id) {
        memcpy(identity->id, bytes, sizeof identity->id);
        identity->boot = (uint32_t)sqlite3_column_int64(statement, 1);
        err = 0;
    }
    sqlite3_reset(statement);
    return err;
}

int schema_next_boot(struct db *db, struct store_identity *identity)
{
    int err = db_run(db, SQL_NEXT_BOOT);
    return err < 0 ? err : schema_read_identity(db, identity);
}
