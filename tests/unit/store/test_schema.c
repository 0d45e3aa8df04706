#include "store/schema.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/err.h"
#include "store/file.h"
#include "tests/lib/store_kit.h"
#include "tests/lib/test.h"

static int set_up(void **state)
{
    *state = store_kit_new();
    return 0;
}

TEST_SETUP(set_up);
TEST_TEARDOWN(store_kit_tear_down);

/* What `sqlite3 store.db .dump` gives of a store that version 1 wrote, but for the boot's changes. Never changed. */
static const char dump_of_version_1[] =
    "PRAGMA application_id = 1936745332;"
    "PRAGMA user_version = 1;"
    "CREATE TABLE meta (one INTEGER PRIMARY KEY CHECK (one = 1), identity BLOB NOT NULL CHECK "
    "(length(identity) = 8), boot INTEGER NOT NULL) STRICT;"
    "INSERT INTO meta VALUES(1,X'0102030405060708',17);"
    "CREATE TABLE runner (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL "
    "DEFAULT '', bib TEXT NOT NULL DEFAULT '', colour TEXT NOT NULL DEFAULT '') STRICT;"
    "INSERT INTO runner VALUES(1,'7','Ann','12','#f00');"
    "INSERT INTO runner VALUES(2,'b','','','');"
    "CREATE TABLE runner_group (id TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (id, name)) "
    "STRICT, WITHOUT ROWID;"
    "INSERT INTO runner_group VALUES('7','red');"
    "CREATE TABLE position (runner INTEGER NOT NULL, time_ms INTEGER NOT NULL, lat_e7 INTEGER NOT "
    "NULL, lng_e7 INTEGER NOT NULL, altitude_cm INTEGER, accuracy_cm INTEGER, speed_cmps INTEGER, "
    "heading_cdeg INTEGER, battery_percent INTEGER, received_ms INTEGER NOT NULL, boot INTEGER NOT "
    "NULL, origin INTEGER NOT NULL, sequence INTEGER NOT NULL, flags INTEGER NOT NULL, PRIMARY KEY "
    "(runner, time_ms)) STRICT, WITHOUT ROWID;"
    "INSERT INTO position VALUES(1,1000,480000000,20000000,3500,400,310,9000,88,1200,17,0,1,16);"
    "INSERT INTO position "
    "VALUES(1,2000,480000100,20000100,NULL,NULL,NULL,NULL,NULL,2100,17,0,2,34);"
    "INSERT INTO position VALUES(2,1500,-10,-20,NULL,NULL,NULL,NULL,NULL,1500,16,1,9,1);"
    "CREATE TABLE gap (boot INTEGER NOT NULL, origin INTEGER NOT NULL, sequence INTEGER NOT NULL, "
    "PRIMARY KEY (boot, origin)) STRICT, WITHOUT ROWID;"
    "INSERT INTO gap VALUES(17,0,1);"
    "CREATE INDEX runner_group_by_name ON runner_group (name, id);";

static void make_database(struct store_kit *kit, const char *sql)
{
    sqlite3 *handle = NULL;
    assert_int_equal(sqlite3_open(kit->path, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

static int64_t number_in(struct store_kit *kit, const char *sql)
{
    sqlite3 *handle = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open(kit->path, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(handle, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(handle);
    return number;
}

TEST(a_store_of_version_1_is_read_as_it_was_written)
{
    struct store_kit *kit = *state;
    make_database(kit, dump_of_version_1);
    store_kit_reopen(kit);
    assert_int_equal(store_identity(kit->store)->boot, 18);
    assert_memory_equal(store_identity(kit->store)->id, "\1\2\3\4\5\6\7\10", 8);
    assert_int_equal(store_kit_track(kit, "7"), 2);
    const struct store_record *first = &kit->seen.records[0];
    const struct store_record *second = &kit->seen.records[1];
    assert_true(first->position.runner_is_number);
    assert_int_equal(first->position.detail.has, 31);
    assert_int_equal(first->position.detail.heading_cdeg, 9000);
    assert_int_equal(second->position.detail.has, 0);
    assert_true(second->position.time_is_arrival);
    assert_int_equal(second->flags, STORE_JUMP);
    assert_int_equal(store_kit_newest(kit), 0);
    assert_int_equal(kit->seen.count, 2);
    assert_int_equal(kit->seen.records[1].flags, STORE_LATE);
    assert_int_equal(store_kit_check(kit), 0);
    assert_int_equal(store_kit_put_one(kit, "7", 3000), 0);
}

TEST(a_store_that_is_made_today_has_the_tables_of_that_dump)
{
    static const char tables[] = "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND "
                                 "name NOT LIKE 'sqlite_%' AND strict";
    struct store_kit *kit = *state;
    store_kit_reopen(kit);
    store_kit_close(kit);
    assert_int_equal(number_in(kit, tables), 5);
    assert_int_equal(number_in(kit, "PRAGMA user_version"), (int64_t)store_schema.count);
    assert_int_equal(number_in(kit, "PRAGMA application_id"), SCHEMA_APPLICATION_ID);
}

/* --- migrations ----------------------------------------------------------------------------------------------------- */

static int bring_up(struct store_kit *kit, const struct schema *schema)
{
    struct db_place place = {.path = kit->path, .busy_ms = 1000};
    struct db db;
    assert_int_equal(db_connect(&db, &place, DB_CREATES), 0);
    int err = schema_bring_up(&db, schema, &kit->trouble);
    db_close(&db);
    return err;
}

static const char *const two[] = {
    "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1)",
    "ALTER TABLE a ADD COLUMN y INTEGER; UPDATE a SET y = x + 1",
};
static const char *const broken[] = {
    "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1)",
    "UPDATE a SET x = 2; UPDATE a SET z = 3",
};

TEST(migrations_that_are_missing_are_done_in_their_order_and_once)
{
    struct store_kit *kit = *state;
    assert_int_equal(bring_up(kit, &(struct schema){two, 1}), 0);
    assert_int_equal(number_in(kit, "PRAGMA user_version"), 1);
    assert_int_equal(bring_up(kit, &(struct schema){two, 2}), 0);
    assert_int_equal(bring_up(kit, &(struct schema){two, 2}), 0);
    assert_int_equal(number_in(kit, "PRAGMA user_version"), 2);
    assert_int_equal(number_in(kit, "SELECT y FROM a"), 2);
}

TEST(a_migration_that_fails_leaves_the_file_in_its_old_form)
{
    struct store_kit *kit = *state;
    assert_int_equal(bring_up(kit, &(struct schema){broken, 1}), 0);
    assert_int_equal(bring_up(kit, &(struct schema){broken, 2}), ERR_SYSTEM);
    assert_non_null(strstr(kit->trouble.text, "no such column: z"));
    assert_int_equal(number_in(kit, "PRAGMA user_version"), 1);
    assert_int_equal(number_in(kit, "SELECT x FROM a"), 1);
    assert_int_equal(bring_up(kit, &(struct schema){two, 2}), 0);
}

/* --- files that are not taken --------------------------------------------------------------------------------------- */

static void write_file(const char *path, const char *text, size_t len)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    fclose(file);
}

static size_t read_file(const char *path, char *to, size_t most)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(to, 1, most, file);
    fclose(file);
    return len;
}

static void assert_refused_untouched(struct store_kit *kit, int err, const char *text)
{
    static char before[1 << 17];
    static char after[1 << 17];
    size_t len = read_file(kit->path, before, sizeof before);
    assert_int_equal(store_kit_open(kit), err);
    assert_null(kit->store);
    assert_string_equal(kit->trouble.text, text);
    assert_int_equal(read_file(kit->path, after, sizeof after), len);
    assert_memory_equal(after, before, len);
}

TEST(a_file_of_a_newer_version_is_refused_and_left_alone)
{
    struct store_kit *kit = *state;
    make_database(kit, dump_of_version_1);
    make_database(kit, "PRAGMA user_version = 99");
    assert_refused_untouched(kit, ERR_INVALID,
                             "written by a newer version: its form is number 99, this one knows up "
                             "to 1");
}

TEST(a_database_of_another_program_is_refused_and_left_alone)
{
    struct store_kit *kit = *state;
    make_database(kit, "CREATE TABLE precious (x)");
    assert_refused_untouched(kit, ERR_FORMAT, "not a store: it is a database of another program");
}

TEST(a_file_that_is_no_database_is_refused_and_left_alone)
{
    struct store_kit *kit = *state;
    static const char text[] = "Dear diary, today I ran a marathon, and nobody saw me. It was "
                               "raining. I came in last but one, and that one had a broken leg.";
    write_file(kit->path, text, sizeof text);
    assert_refused_untouched(kit, ERR_FORMAT, "not a store, or damaged: file is not a database");
}

TEST(a_store_whose_tables_were_damaged_is_a_clear_error_at_the_start)
{
    struct store_kit *kit = *state;
    char bytes[200];
    store_kit_reopen(kit);
    store_kit_close(kit);
    FILE *file = fopen(kit->path, "r+b");
    assert_non_null(file);
    memset(bytes, 0xa5, sizeof bytes);
    assert_int_equal(fseek(file, 100, SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, 1, sizeof bytes, file), sizeof bytes);
    fclose(file);
    assert_int_equal(store_kit_open(kit), ERR_FORMAT);
    assert_string_equal(kit->trouble.text,
                        "not a store, or damaged: database disk image is malformed");
}

TEST(an_empty_file_becomes_a_store)
{
    struct store_kit *kit = *state;
    write_file(kit->path, "", 0);
    store_kit_reopen(kit);
    assert_int_equal(store_kit_put_one(kit, "7", 1), 0);
}
