#include "store/store.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "store/core.h"
#include "store/erase_age.h"
#include "store/file.h"
#include "store/read_thread.h"
#include "store/row.h"
#include "store/schema.h"
#include "store/writer.h"

#define READERS 2

struct store {
    struct core core;
    int lock; /* -1: not taken */
    char *path;
    char *vfs; /* NULL: the system's */
    bool has_writer;
    size_t readers;
    pthread_t writer;
    pthread_t reader[READERS];
};

/* --- opening -------------------------------------------------------------------------------------------------------- */

static char *copy_text(const char *text)
{
    if (text == NULL)
        return NULL;
    size_t bytes = strlen(text) + 1;
    return memcpy(mem_must(bytes), text, bytes);
}

static uint64_t or_else(uint64_t value, uint64_t otherwise)
{
    return value != 0 ? value : otherwise;
}

static struct store *new_store(const struct store_options *options)
{
    struct store *store = mem_must(sizeof *store);
    uint64_t busy_ms = or_else(options->busy_ms, STORE_BUSY_MS);
    struct queue_limits limits = {
        .positions = or_else(options->queued_positions, STORE_QUEUED_POSITIONS),
        .jobs = or_else(options->queued_jobs, STORE_QUEUED_JOBS),
        .group_positions = WRITER_GROUP_POSITIONS,
        .gather_us = options->gather_us,
        .linger_us = options->linger_us,
    };
    struct queue_limits asked = {.jobs = SIZE_MAX, .group_positions = 1};
    store->lock = -1;
    store->path = copy_text(options->path);
    store->vfs = copy_text(options->vfs);
    store->core.place = (struct db_place){
        .path = store->path,
        .vfs = store->vfs,
        .busy_ms = busy_ms < INT_MAX ? (int)busy_ms : INT_MAX,
    };
    queue_init(&store->core.queue, &limits);
    queue_init(&store->core.asked, &asked);
    gaps_init(&store->core.gaps);
    return store;
}

static int take_file(struct store *store, struct store_trouble *trouble)
{
    int lock = file_lock(store->path);
    if (lock >= 0)
        store->lock = lock;
    int err = lock < 0 ? lock : file_make_private(store->path);
    if (err < 0)
        trouble_set(trouble, store->path,
                    err == ERR_FULL ? "another process has it open" : strerror(errno));
    return err;
}

static int begin_boot(struct core *core, struct db *db, struct store_trouble *trouble)
{
    int err = schema_bring_up(db, &store_schema, trouble);
    if (err < 0)
        return err;
    err = db_prepare(db);
    if (err == 0)
        err = schema_next_boot(db, &core->identity);
    if (err < 0)
        trouble_set(trouble, err == ERR_FORMAT ? "damaged" : "can't be used", db_text(db));
    return err;
}

static int prepare_file(struct core *core, struct store_trouble *trouble)
{
    struct db db;
    int err = db_connect(&db, &core->place, DB_CREATES);
    if (err < 0)
        trouble_set(trouble, err == ERR_FORMAT ? "not a store, or damaged" : "can't be opened",
                    db_text(&db));
    else
        err = begin_boot(core, &db, trouble);
    db_close(&db);
    return err;
}

/* Signals are for other threads. */
static int start_threads(struct store *store, struct store_trouble *trouble)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    store->has_writer = pthread_create(&store->writer, NULL, writer_run, &store->core) == 0;
    while (store->has_writer && store->readers < READERS &&
           pthread_create(&store->reader[store->readers], NULL, read_thread_run, &store->core) == 0)
        store->readers++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (store->readers == READERS)
        return 0;
    trouble_set(trouble, store->path, "no thread to be had");
    return ERR_SYSTEM;
}

int store_open(const struct store_options *options, struct store **out,
               struct store_trouble *trouble)
{
    struct store *store = new_store(options);
    int err = take_file(store, trouble);
    if (err == 0)
        err = prepare_file(&store->core, trouble);
    if (err == 0)
        err = start_threads(store, trouble);
    if (err < 0)
        store_close(&store);
    *out = store;
    return err;
}

/* The writer first: it still hands on what was asked. The last connection that is closed folds the log in. */
void store_close(struct store **handle)
{
    struct store *store = *handle;
    *handle = NULL;
    if (store == NULL)
        return;
    atomic_store(&store->core.is_closing, true);
    queue_close(&store->core.queue);
    if (store->has_writer)
        pthread_join(store->writer, NULL);
    queue_close(&store->core.asked);
    for (size_t i = 0; i < store->readers; i++)
        pthread_join(store->reader[i], NULL);
    queue_fini(&store->core.queue);
    queue_fini(&store->core.asked);
    gaps_fini(&store->core.gaps);
    file_unlock(store->lock);
    mem_free(store->path);
    mem_free(store->vfs);
    mem_free(store);
}

/* --- traffic -------------------------------------------------------------------------------------------------------- */

const struct store_identity *store_identity(const struct store *store)
{
    return &store->core.identity;
}

int store_put(struct store *store, struct store_batch *batch)
{
    return queue_put_batch(&store->core.queue, batch);
}

int store_ask(struct store *store, struct store_job *job)
{
    CHECK(job->read != NULL && job->on_done != NULL);
    return queue_put_job(&store->core.queue, job, QUEUE_ASK);
}

int store_change(struct store *store, struct store_job *job)
{
    CHECK(job->change != NULL && job->on_done != NULL);
    return queue_put_job(&store->core.queue, job, QUEUE_CHANGE);
}

void store_note_lost(struct store *store, uint16_t origin, uint64_t sequence)
{
    tally_add(&store->core.tally.lost, 1);
    gaps_note(&store->core.gaps, origin, sequence);
}

struct store_stats store_stats(struct store *store)
{
    struct store_stats stats = tally_stats(&store->core.tally);
    struct queue_depth depth = queue_depth(&store->core.queue);
    stats.queued = depth.positions;
    stats.queued_jobs = depth.jobs;
    stats.oldest_us = depth.oldest_us;
    return stats;
}

/* --- the start ------------------------------------------------------------------------------------------------------ */

struct showing {
    const struct store_erase_age *age; /* NULL: whatever it is */
    store_visit_fn *visit;
    void *ctx;
};

/* 1, 0 (it is to be erased) or a failure. */
static int is_within(struct db *db, const struct store_erase_age *age,
                     const struct position *position)
{
    int64_t before_ms = INT64_MIN;
    int err = age != NULL ? erase_age_bound(db, age, &position->runner, &before_ms) : 0;
    return err < 0 ? err : position->time_ms >= before_ms;
}

/* 1: go on; 0: the visitor has enough; or a failure. */
static int show_newest(struct db *db, const struct showing *showing)
{
    sqlite3_stmt *runners = db->statements[SQL_EACH_RUNNER];
    sqlite3_stmt *newest = db->statements[SQL_NEWEST];
    struct store_record record = {0};
    int err = row_read_id(runners, 1, &record.position.runner);
    if (err < 0)
        return err;
    sqlite3_bind_int64(newest, 1, sqlite3_column_int64(runners, 0));
    int got = db_step(db, newest);
    if (got <= 0)
        return got < 0 ? got : 1;
    row_read(newest, &record);
    sqlite3_reset(newest);
    got = is_within(db, showing->age, &record.position);
    if (got <= 0)
        return got < 0 ? got : 1;
    return showing->visit(showing->ctx, &record);
}

int store_each_newest(struct store *store, store_visit_fn *visit, void *ctx)
{
    return store_each_newest_within(store, NULL, visit, ctx);
}

int store_each_newest_within(struct store *store, const struct store_erase_age *age,
                             store_visit_fn *visit, void *ctx)
{
    struct showing showing = {.age = age, .visit = visit, .ctx = ctx};
    struct db db;
    int goes_on = 1;
    int got = core_connect(&store->core, &db, DB_READS);
    if (got < 0)
        return got;
    while (goes_on > 0 && (got = db_step(&db, db.statements[SQL_EACH_RUNNER])) > 0)
        goes_on = show_newest(&db, &showing);
    if (db.code != 0)
        core_failed(&store->core, &db, "the newest positions can't be read");
    db_close(&db);
    if (goes_on < 0)
        return goes_on;
    return got < 0 ? got : 0;
}
