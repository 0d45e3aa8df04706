#include "store/reader.h"

#include "base/err.h"
#include "store/read_thread.h"
#include "store/row.h"

/* How many rows of a track are looked at for each one that is wanted: late ones may lie between. */
#define ROWS_PER_WANTED 4

/* 1 and its number, 0: it has none, or a failure. */
static int find_number(struct db *db, const struct runner_id *runner, int64_t *number)
{
    row_bind_id(db->statements[SQL_FIND_RUNNER], 1, runner);
    return db_read_int(db, db->statements[SQL_FIND_RUNNER], number);
}

/* Show the rows of a statement until one is refused. Returns how many were shown. */
static int show_rows(struct db *db, sqlite3_stmt *statement, const struct runner_id *runner,
                     store_visit_fn *visit, void *ctx)
{
    int count = 0;
    int got = 0;
    bool goes_on = true;
    while (goes_on && (got = db_step(db, statement)) > 0) {
        struct store_record record = {.position.runner = *runner};
        row_read(statement, &record);
        goes_on = visit(ctx, &record);
        count++;
    }
    sqlite3_reset(statement);
    return goes_on && got < 0 ? got : count;
}

int store_read_newest(struct store_reader *reader, const struct runner_id *runner,
                      store_visit_fn *visit, void *ctx)
{
    struct db *db = &reader->db;
    sqlite3_stmt *statement = db->statements[SQL_NEWEST];
    int64_t number;
    int found = find_number(db, runner, &number);
    if (found <= 0)
        return found;
    sqlite3_bind_int64(statement, 1, number);
    return show_rows(db, statement, runner, visit, ctx);
}

int store_read_track(struct store_reader *reader, const struct store_track *track,
                     store_visit_fn *visit, void *ctx)
{
    struct db *db = &reader->db;
    sqlite3_stmt *statement = db->statements[SQL_TRACK];
    int64_t number;
    int found = find_number(db, &track->runner, &number);
    if (found <= 0)
        return found;
    sqlite3_bind_int64(statement, 1, number);
    sqlite3_bind_int64(statement, 2, track->from_ms);
    sqlite3_bind_int64(statement, 3, track->until_ms);
    sqlite3_bind_int64(statement, 4, (int64_t)track->limit);
    return show_rows(db, statement, &track->runner, visit, ctx);
}

int store_read_extent(struct store_reader *reader, const struct store_track *track,
                      struct store_extent *extent)
{
    struct db *db = &reader->db;
    sqlite3_stmt *statement = db->statements[SQL_EXTENT];
    int64_t number;
    int got = find_number(db, &track->runner, &number);
    if (got <= 0)
        return got;
    sqlite3_bind_int64(statement, 1, number);
    sqlite3_bind_int64(statement, 2, track->from_ms);
    sqlite3_bind_int64(statement, 3, track->until_ms);
    got = db_step(db, statement);
    if (got <= 0)
        return got < 0 ? got : ERR_FORMAT;
    extent->count = (uint64_t)sqlite3_column_int64(statement, 0);
    extent->mark = (uint64_t)sqlite3_column_int64(statement, 1);
    sqlite3_reset(statement);
    return 1;
}

/* --- what lies behind a cursor -------------------------------------------------------------------------------------- */

int store_is_whole_since(struct store_reader *reader, const struct cursor *after)
{
    const struct store_identity *ours = &reader->core->identity;
    if (memcmp(after->identity, ours->id, sizeof ours->id) != 0 || after->boot > ours->boot)
        return 0;
    int got = gaps_lie_behind(&reader->core->gaps, &reader->db, ours->boot, after);
    return got < 0 ? got : got == 0;
}

static bool is_behind(const struct cursor *cursor, const struct store_record *record)
{
    return cursor_is_before(cursor, record->boot, record->position.origin,
                            record->position.sequence);
}

static bool is_wanted(const struct store_since *since, const struct store_record *record)
{
    return (record->flags & STORE_LATE) == 0 && is_behind(since->after, record) &&
           !is_behind(since->upto, record);
}

struct walk {
    const struct store_since *since;
    int64_t from_ms; /* of the oldest that is wanted */
    size_t wanted;
    size_t rows;
    bool has_room;
    store_visit_fn *visit;
    void *ctx;
};

static bool walk_back(void *context, const struct store_record *record)
{
    struct walk *walk = context;
    if (++walk->rows > walk->since->limit * ROWS_PER_WANTED) {
        walk->has_room = false;
        return false;
    }
    if ((record->flags & STORE_LATE) != 0)
        return true;
    if (!is_behind(walk->since->after, record))
        return false;
    if (!is_behind(walk->since->upto, record)) {
        walk->from_ms = record->position.time_ms;
        walk->has_room = ++walk->wanted <= walk->since->limit;
    }
    return walk->has_room;
}

/* Back where it came from, until as many as were counted are shown. */
static bool walk_onwards(void *context, const struct store_record *record)
{
    struct walk *walk = context;
    if (is_wanted(walk->since, record)) {
        walk->wanted--;
        if (!walk->visit(walk->ctx, record))
            return false;
    }
    return walk->wanted > 0;
}

int store_read_since(struct store_reader *reader, const struct store_since *since,
                     store_visit_fn *visit, void *ctx)
{
    struct db *db = &reader->db;
    struct walk walk = {.since = since, .has_room = true, .visit = visit, .ctx = ctx};
    int64_t number;
    int got = find_number(db, &since->runner, &number);
    if (got <= 0)
        return got;
    sqlite3_bind_int64(db->statements[SQL_BACKWARDS], 1, number);
    got = show_rows(db, db->statements[SQL_BACKWARDS], &since->runner, walk_back, &walk);
    if (got < 0 || !walk.has_room)
        return got < 0 ? got : ERR_TOO_MANY;
    if (walk.wanted == 0)
        return 0;
    size_t count = walk.wanted;
    sqlite3_bind_int64(db->statements[SQL_ONWARDS], 1, number);
    sqlite3_bind_int64(db->statements[SQL_ONWARDS], 2, walk.from_ms);
    got = show_rows(db, db->statements[SQL_ONWARDS], &since->runner, walk_onwards, &walk);
    return got < 0 ? got : (int)(count - walk.wanted);
}
