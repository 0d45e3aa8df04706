#include "store/change.h"

#include "base/err.h"
#include "store/row.h"
#include "store/writer.h"

/* --- what is known of a runner -------------------------------------------------------------------------------------- */

static int check_runner(const struct store_runner *runner)
{
    size_t longest = runner->name.len > runner->bib.len ? runner->name.len : runner->bib.len;
    if (runner->colour.len > longest)
        longest = runner->colour.len;
    for (size_t i = 0; i < runner->group_count; i++) {
        if (runner->groups[i].len == 0)
            return ERR_INVALID;
        if (runner->groups[i].len > longest)
            longest = runner->groups[i].len;
    }
    bool is_too_big = longest > STORE_TEXT_BYTES || runner->group_count > STORE_GROUPS_MAX;
    return is_too_big ? ERR_TOO_BIG : 0;
}

static int run_with_id(struct db *db, enum db_sql sql, const struct runner_id *id)
{
    row_bind_id(db->statements[sql], 1, id);
    return db_run(db, sql);
}

static int set_groups(struct db *db, const struct store_runner *runner)
{
    sqlite3_stmt *statement = db->statements[SQL_ADD_GROUP];
    int err = run_with_id(db, SQL_ERASE_GROUPS, &runner->id);
    for (size_t i = 0; i < runner->group_count && err >= 0; i++) {
        row_bind_id(statement, 1, &runner->id);
        row_bind_text(statement, 2, runner->groups[i]);
        err = db_run(db, SQL_ADD_GROUP);
    }
    return err < 0 ? err : 0;
}

int store_set_runner(struct store_writer *writer, const struct store_runner *runner)
{
    struct db *db = &writer->db;
    sqlite3_stmt *statement = db->statements[SQL_SET_RUNNER];
    int err = check_runner(runner);
    if (err < 0)
        return err;
    row_bind_id(statement, 1, &runner->id);
    row_bind_text(statement, 2, runner->name);
    row_bind_text(statement, 3, runner->bib);
    row_bind_text(statement, 4, runner->colour);
    err = db_run(db, SQL_SET_RUNNER);
    return err < 0 ? err : set_groups(db, runner);
}

/* --- erasing -------------------------------------------------------------------------------------------------------- */

static int run_with_number(struct db *db, enum db_sql sql, int64_t number)
{
    sqlite3_bind_int64(db->statements[sql], 1, number);
    return db_run(db, sql);
}

int store_erase_runner(struct store_writer *writer, const struct runner_id *runner,
                       uint64_t *erased)
{
    struct db *db = &writer->db;
    int64_t number;
    row_bind_id(db->statements[SQL_FIND_RUNNER], 1, runner);
    int got = db_read_int(db, db->statements[SQL_FIND_RUNNER], &number);
    if (got <= 0)
        return got < 0 ? got : ERR_NOT_FOUND;
    writer->has_number = false;
    writer->has_erased = true;
    int count = run_with_number(db, SQL_ERASE_POSITIONS, number);
    int err = count < 0 ? count : run_with_id(db, SQL_ERASE_GROUPS, runner);
    if (err >= 0)
        err = run_with_number(db, SQL_ERASE_RUNNER, number);
    if (err < 0)
        return err;
    *erased = (uint64_t)count;
    writer->erased += *erased;
    return 0;
}
