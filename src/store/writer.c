#include "store/writer.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "store/change.h"
#include "store/row.h"

/*
 * The log is folded into the file each time that it has grown by so many pages, behind the backs of those who wait; then it begins
 * anew. While somebody reads, it is folded only up to where they do, and goes on growing; at some size they are waited for.
 */
#define LOG_PAGES_FOLDED 32768
#define LOG_PAGES_PATIENCE 131072
#define FOLD_BUSY_MS 100

/* After so many it is seen whether readers still hold what was erased in the log; they are not waited for. */
#define OWED_GROUPS 64

static int on_log(void *context, sqlite3 *handle, const char *database, int pages)
{
    struct store_writer *writer = context;
    (void)handle;
    (void)database;
    if (pages < writer->log_pages)
        writer->folded_pages = 0;
    writer->log_pages = pages;
    return SQLITE_OK;
}

/* --- one position --------------------------------------------------------------------------------------------------- */

static bool same_runner(const struct runner_id *a, const struct runner_id *b)
{
    return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

static int look_up(struct db *db, const struct runner_id *id, int64_t *number)
{
    row_bind_id(db->statements[SQL_FIND_RUNNER], 1, id);
    int got = db_read_int(db, db->statements[SQL_FIND_RUNNER], number);
    if (got != 0)
        return got < 0 ? got : 0;
    row_bind_id(db->statements[SQL_ADD_RUNNER], 1, id);
    int err = db_run(db, SQL_ADD_RUNNER);
    *number = sqlite3_last_insert_rowid(db->handle);
    return err < 0 ? err : 0;
}

int writer_number_runner(struct store_writer *writer, const struct runner_id *id, int64_t *number)
{
    if (!writer->has_number || !same_runner(&writer->runner, id)) {
        writer->has_number = false;
        int err = look_up(&writer->db, id, &writer->number);
        if (err < 0)
            return err;
        writer->runner = *id;
        writer->has_number = true;
    }
    *number = writer->number;
    return 0;
}

static int put_record(struct store_writer *writer, const struct store_record *record)
{
    enum db_sql sql = record->position.time_is_arrival ? SQL_PUT_POSITION : SQL_ADD_POSITION;
    int32_t lat_e7;
    int32_t lng_e7;
    int64_t number;
    if (!position_to_e7(&record->position, &lat_e7, &lng_e7)) {
        writer->passed_over++;
        return 0;
    }
    int err = writer_number_runner(writer, &record->position.runner, &number);
    if (err < 0)
        return err;
    CHECK(row_bind(writer->db.statements[sql], number, record, writer->core->identity.boot));
    int changed = db_run(&writer->db, sql);
    if (changed == 0)
        writer->duplicates++;
    return changed < 0 ? changed : 0;
}

int store_put_now(struct store_writer *writer, const struct store_record *records, size_t count)
{
    int err = 0;
    for (size_t i = 0; i < count && err == 0; i++)
        err = put_record(writer, &records[i]);
    return err;
}

/* --- transactions --------------------------------------------------------------------------------------------------- */

static int begin(struct store_writer *writer)
{
    writer->has_number = false;
    writer->has_erased = false;
    writer->duplicates = 0;
    writer->passed_over = 0;
    writer->erased = 0;
    if (writer->db.handle == NULL) {
        int err = core_connect(writer->core, &writer->db, DB_WRITES);
        if (err < 0)
            return err;
        sqlite3_wal_hook(writer->db.handle, on_log, writer);
    }
    int err = db_run(&writer->db, SQL_BEGIN_WRITE);
    return err < 0 ? err : 0;
}

static int commit(struct store_writer *writer)
{
    struct core *core = writer->core;
    uint64_t gaps;
    int err = gaps_write(&core->gaps, &writer->db, core->identity.boot, &gaps);
    if (err == 0)
        err = db_run(&writer->db, SQL_COMMIT);
    if (err < 0)
        return err;
    gaps_saved(&core->gaps, gaps);
    tally_succeed(&core->tally);
    tally_add(&core->tally.commits, 1);
    tally_add(&core->tally.duplicates, writer->duplicates);
    tally_add(&core->tally.passed_over, writer->passed_over);
    tally_add(&core->tally.erased, writer->erased);
    return 0;
}

static int put_group(struct store_writer *writer, const struct queue_group *group)
{
    int err = begin(writer);
    for (struct store_link *link = group->first; link != NULL && err == 0; link = link->next)
        if (link->kind == QUEUE_BATCH)
            err = store_put_now(writer, queue_batch(link)->records, queue_batch(link)->count);
    return err == 0 ? commit(writer) : err;
}

static int store_group(struct store_writer *writer, const struct queue_group *group)
{
    uint64_t start_us = clock_monotonic_us();
    int err = put_group(writer, group);
    if (err < 0)
        core_failed(writer->core, &writer->db, "positions are not stored");
    else
        tally_add(&writer->core->tally.commit_us, clock_monotonic_us() - start_us);
    return err;
}

/* --- folding the log into the file ---------------------------------------------------------------------------------- */

static void fold(struct store_writer *writer, int mode, int busy_ms)
{
    struct db *db = &writer->db;
    sqlite3_busy_timeout(db->handle, busy_ms);
    int code = sqlite3_wal_checkpoint_v2(db->handle, NULL, mode, NULL, NULL);
    sqlite3_busy_timeout(db->handle, writer->core->place.busy_ms);
    writer->folded_pages = writer->log_pages;
    if (mode == SQLITE_CHECKPOINT_TRUNCATE)
        writer->owes_truncation = code != SQLITE_OK;
    if ((code & 0xff) != SQLITE_BUSY && db_result(db, code) < 0)
        core_failed(writer->core, db, "the log can't be folded into the file");
}

static void fold_if_due(struct store_writer *writer)
{
    int grown = writer->log_pages - writer->folded_pages;
    if (writer->db.handle == NULL)
        return;
    if (writer->has_erased)
        fold(writer, SQLITE_CHECKPOINT_TRUNCATE, FOLD_BUSY_MS);
    else if (writer->owes_truncation && ++writer->owing_groups % OWED_GROUPS == 0)
        fold(writer, SQLITE_CHECKPOINT_TRUNCATE, 0);
    else if (grown >= LOG_PAGES_FOLDED)
        fold(writer,
             writer->log_pages >= LOG_PAGES_PATIENCE ? SQLITE_CHECKPOINT_RESTART
                                                     : SQLITE_CHECKPOINT_PASSIVE,
             FOLD_BUSY_MS);
    writer->has_erased = false;
}

/* --- what the group is told ----------------------------------------------------------------------------------------- */

/* Late ones are of no resume. */
static void note_refused(struct core *core, const struct store_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct store_record *record = &batch->records[i];
        if ((record->flags & STORE_LATE) == 0 && record->position.sequence != 0)
            gaps_note(&core->gaps, record->position.origin, record->position.sequence);
    }
    tally_add(&core->tally.refused, batch->count);
    tally_add(&core->tally.lost, batch->count);
}

static void tell(struct core *core, struct store_batch *batch, int err)
{
    if (err < 0)
        note_refused(core, batch);
    else
        tally_add(&core->tally.stored, batch->count);
    queue_release(&core->queue, batch->count, 0);
    batch->on_done(batch, err);
}

static void run_change(struct store_writer *writer, struct store_job *job)
{
    int result = begin(writer);
    if (result == 0)
        result = job->change(job, writer);
    int err = result < 0 ? result : commit(writer);
    if (err < 0)
        core_failed(writer->core, &writer->db, "a change is not stored");
    fold_if_due(writer);
    queue_release(&writer->core->queue, 0, 1);
    job->on_done(job, err < 0 ? err : result);
}

/* Readers are given more than their own bound never: what they have counts in the writer's queue. */
static void serve(struct store_writer *writer, const struct queue_group *group)
{
    struct core *core = writer->core;
    int err = group->positions > 0 ? store_group(writer, group) : 0;
    struct store_link *next;
    for (struct store_link *link = group->first; link != NULL; link = next) {
        next = link->next;
        if (link->kind == QUEUE_BATCH)
            tell(core, queue_batch(link), err);
        else if (link->kind == QUEUE_ASK)
            CHECK(queue_put_job(&core->asked, queue_job(link), QUEUE_ASK) == 0);
        else
            run_change(writer, queue_job(link));
    }
    fold_if_due(writer);
}

/* At the end: what was lost since the last transaction. */
static void save_gaps(struct store_writer *writer)
{
    if (!gaps_are_new(&writer->core->gaps))
        return;
    int err = begin(writer);
    if (err == 0)
        err = commit(writer);
    if (err < 0)
        core_failed(writer->core, &writer->db, "what was lost is not noted");
}

void *writer_run(void *context)
{
    struct core *core = context;
    struct store_writer writer = {.core = core};
    struct queue_group group;
    while (queue_take_group(&core->queue, &group))
        serve(&writer, &group);
    save_gaps(&writer);
    db_close(&writer.db);
    return NULL;
}
