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
    if (runner->group_count == STORE_GROUPS_STAY)
        return longest > STORE_TEXT_BYTES ? ERR_TOO_BIG : 0;
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
    if (err < 0)
        return err;
    return runner->group_count == STORE_GROUPS_STAY ? 0 : set_groups(db, runner);
}

/* --- erasing -------------------------------------------------------------------------------------------------------- */

static int run_with_number(struct db *db, enum db_sql sql, int64_t number)
{
    sqlite3_bind_int64(db->statements[sql], 1, number);
    return db_run(db, sql);
}

/* Name and groups, and the runner itself unless it has come back meanwhile. */
static int erase_rest(struct db *db, const struct runner_id *runner, int64_t number)
{
    int err = run_with_id(db, SQL_ERASE_GROUPS, runner);
    if (err >= 0)
        err = run_with_number(db, SQL_FORGET_RUNNER, number);
    if (err >= 0)
        err = run_with_number(db, SQL_ERASE_UNKNOWN, number);
    return err < 0 ? err : 0;
}

/* Where the next `limit` positions end. 1, 0 (there are not more) or a failure. */
static int find_end(struct db *db, const struct store_erasing *erasing, int64_t number,
                    int64_t *end_ms)
{
    sqlite3_stmt *statement = db->statements[SQL_NTH_FROM];
    *end_ms = INT64_MAX;
    sqlite3_bind_int64(statement, 1, number);
    sqlite3_bind_int64(statement, 2, erasing->next_ms);
    sqlite3_bind_int64(statement, 3, (int64_t)erasing->limit);
    return db_read_int(db, statement, end_ms);
}

static int erase_span(struct db *db, int64_t number, int64_t from_ms, int64_t end_ms)
{
    sqlite3_stmt *statement = db->statements[SQL_ERASE_SPAN];
    sqlite3_bind_int64(statement, 1, number);
    sqlite3_bind_int64(statement, 2, from_ms);
    sqlite3_bind_int64(statement, 3, end_ms);
    return db_run(db, SQL_ERASE_SPAN);
}

int store_erase_runner(struct store_writer *writer, struct store_erasing *erasing)
{
    struct db *db = &writer->db;
    int64_t number;
    int64_t end_ms;
    row_bind_id(db->statements[SQL_FIND_RUNNER], 1, &erasing->runner);
    int got = db_read_int(db, db->statements[SQL_FIND_RUNNER], &number);
    if (got <= 0)
        return got < 0 ? got : ERR_NOT_FOUND;
    writer->has_number = false;
    writer->has_erased = true;
    int has_more = find_end(db, erasing, number, &end_ms);
    int count = has_more < 0 ? has_more : erase_span(db, number, erasing->next_ms, end_ms);
    int err = count >= 0 && has_more == 0 ? erase_rest(db, &erasing->runner, number) : count;
    if (err < 0)
        return err;
    erasing->erased = (uint64_t)count;
    erasing->is_over = has_more == 0;
    erasing->next_ms = end_ms;
    writer->erased += erasing->erased;
    return 0;
}
