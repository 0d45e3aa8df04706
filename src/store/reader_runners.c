/* The part of reader.h about what is known of runners. */
#include "base/err.h"
#include "store/read_thread.h"
#include "store/reader.h"
#include "store/row.h"

enum column { COLUMN_NUMBER, COLUMN_ID, COLUMN_NAME, COLUMN_BIB, COLUMN_COLOUR };

/* A runner's groups, copied: the statement's texts don't outlast its rows. */
struct groups {
    struct span texts[STORE_GROUPS_MAX];
    size_t count;
    char bytes[STORE_GROUPS_MAX * STORE_TEXT_BYTES];
    size_t len;
};

static bool keep_group(struct groups *groups, struct span text)
{
    if (groups->count == STORE_GROUPS_MAX || text.len > STORE_TEXT_BYTES)
        return false;
    char *to = groups->bytes + groups->len;
    memcpy(to, text.data, text.len);
    groups->texts[groups->count++] = span_of(to, text.len);
    groups->len += text.len;
    return true;
}

static int read_groups(struct db *db, const struct runner_id *id, struct groups *groups)
{
    sqlite3_stmt *statement = db->statements[SQL_GROUPS];
    int got;
    groups->count = 0;
    groups->len = 0;
    row_bind_id(statement, 1, id);
    while ((got = db_step(db, statement)) > 0)
        if (!keep_group(groups, row_read_text(statement, 0)))
            break;
    sqlite3_reset(statement);
    return got > 0 ? ERR_FORMAT : got;
}

/* 1: go on; 0: the visitor has enough; or a failure. */
static int show_runner(struct db *db, sqlite3_stmt *statement, store_runner_fn *visit, void *ctx)
{
    struct groups groups;
    struct store_runner runner = {
        .name = row_read_text(statement, COLUMN_NAME),
        .bib = row_read_text(statement, COLUMN_BIB),
        .colour = row_read_text(statement, COLUMN_COLOUR),
    };
    groups.count = 0;
    int err = row_read_id(statement, COLUMN_ID, &runner.id);
    if (err == 0)
        err = read_groups(db, &runner.id, &groups);
    if (err < 0)
        return err;
    runner.groups = groups.texts;
    runner.group_count = groups.count;
    return visit(ctx, &runner);
}

static int show_runners(struct db *db, sqlite3_stmt *statement, store_runner_fn *visit, void *ctx)
{
    int count = 0;
    int goes_on = 1;
    int got = 0;
    while (goes_on > 0 && (got = db_step(db, statement)) > 0) {
        goes_on = show_runner(db, statement, visit, ctx);
        count++;
    }
    sqlite3_reset(statement);
    if (goes_on < 0)
        return goes_on;
    return got < 0 ? got : count;
}

int store_read_runner(struct store_reader *reader, const struct runner_id *id,
                      store_runner_fn *visit, void *ctx)
{
    sqlite3_stmt *statement = reader->db.statements[SQL_RUNNER];
    row_bind_id(statement, 1, id);
    return show_runners(&reader->db, statement, visit, ctx);
}

int store_read_runners(struct store_reader *reader, const struct store_runners *runners,
                       store_runner_fn *visit, void *ctx)
{
    bool is_of_group = runners->group.len > 0;
    sqlite3_stmt *statement =
        reader->db.statements[is_of_group ? SQL_RUNNERS_OF_GROUP : SQL_RUNNERS];
    row_bind_id(statement, 1, &runners->after);
    sqlite3_bind_int64(statement, 2, (int64_t)runners->limit);
    if (is_of_group)
        row_bind_text(statement, 3, runners->group);
    return show_runners(&reader->db, statement, visit, ctx);
}
