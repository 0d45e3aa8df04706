#include "store/backup.h"

#include <errno.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "store/file.h"
#include "store/read_thread.h"
#include "store/schema.h"

#define PAGES_PER_STEP 1024

/* The copy is one file, without a log beside it. */
static const char new_identity[] =
    "PRAGMA journal_mode = DELETE; UPDATE meta SET identity = randomblob(8)";

static int fail(struct store_trouble *trouble, const char *path, const char *text, int err)
{
    trouble_set(trouble, path, text);
    return err;
}

/*
 * The reader is in a transaction, so that what is copied does not change between steps. A failure of the copy's is not one of the
 * store's: nothing is noted in the reader's connection but what it failed to read.
 */
static int copy_pages(struct store_reader *reader, struct db *copy)
{
    sqlite3_backup *backup = sqlite3_backup_init(copy->handle, "main", reader->db.handle, "main");
    if (backup == NULL)
        return db_result(copy, sqlite3_errcode(copy->handle));
    int code = SQLITE_OK;
    bool is_closing = false;
    while (code == SQLITE_OK && !is_closing) {
        code = sqlite3_backup_step(backup, PAGES_PER_STEP);
        is_closing = atomic_load(&reader->core->is_closing);
    }
    sqlite3_backup_finish(backup);
    if (code == SQLITE_DONE)
        return 0;
    return code == SQLITE_OK ? ERR_CLOSED : db_result(copy, code);
}

static int make_copy(struct store_reader *reader, const char *path, struct store_trouble *trouble)
{
    struct db copy;
    struct db_place place = reader->core->place;
    place.path = path;
    int err = db_connect(&copy, &place, DB_CREATES);
    if (err == 0)
        err = copy_pages(reader, &copy);
    if (err == 0)
        err = db_run_text(&copy, new_identity);
    if (err < 0)
        trouble_set(trouble, path, db_text(&copy));
    db_close(&copy);
    return err;
}

/* A link fails where there is a file, and a renaming would not. */
static int give_name(const char *partial, const char *path, struct store_trouble *trouble)
{
    if (link(partial, path) == 0 && unlink(partial) == 0 && file_sync_folder(path) == 0)
        return 0;
    return fail(trouble, path, strerror(errno), errno == EEXIST ? ERR_INVALID : ERR_SYSTEM);
}

static int back_up(struct store_reader *reader, const char *partial, const char *path,
                   struct store_trouble *trouble)
{
    int err = file_remove_database(partial);
    if (err == 0)
        err = file_make_private(partial);
    if (err < 0)
        return fail(trouble, partial, strerror(errno), err);
    err = make_copy(reader, partial, trouble);
    if (err == 0)
        err = give_name(partial, path, trouble);
    if (err < 0)
        file_remove_database(partial);
    return err;
}

int store_backup(struct store_reader *reader, const char *path, struct store_trouble *trouble)
{
    if (access(path, F_OK) == 0)
        return fail(trouble, path, "there is a file of that name", ERR_INVALID);
    char *partial = file_name_beside(path, ".partial");
    if (partial == NULL)
        return fail(trouble, path, "out of memory", ERR_NO_MEMORY);
    int err = back_up(reader, partial, path, trouble);
    mem_free(partial);
    return err;
}

/* --- is it sound? --------------------------------------------------------------------------------------------------- */

/* Each gives one row with "ok" when all is well. */
static const char *const questions[] = {
    "PRAGMA integrity_check(1)",
    "SELECT CASE WHEN EXISTS (SELECT 1 FROM position WHERE runner NOT IN (SELECT number FROM "
    "runner)) THEN 'a position is of no runner' ELSE 'ok' END",
    "SELECT CASE WHEN EXISTS (SELECT 1 FROM runner_group WHERE id NOT IN (SELECT id FROM "
    "runner)) THEN 'a group is of no runner' ELSE 'ok' END",
};

static int put_question(struct db *db, const char *question, struct store_trouble *trouble)
{
    sqlite3_stmt *statement = NULL;
    int err = db_result(db, sqlite3_prepare_v2(db->handle, question, -1, &statement, NULL));
    if (err == 0)
        err = db_step(db, statement);
    if (err < 0) {
        trouble_set(trouble, "not sound", db_text(db));
    } else {
        const char *answer = err > 0 ? (const char *)sqlite3_column_text(statement, 0) : NULL;
        err = answer != NULL && strcmp(answer, "ok") == 0 ? 0 : ERR_FORMAT;
        if (err < 0)
            trouble_set(trouble, "not sound", answer != NULL ? answer : "no answer");
    }
    sqlite3_finalize(statement);
    return err;
}

int store_check(struct store_reader *reader, struct store_trouble *trouble)
{
    int err = 0;
    for (size_t i = 0; i < sizeof questions / sizeof *questions && err == 0; i++)
        err = put_question(&reader->db, questions[i], trouble);
    return err;
}
