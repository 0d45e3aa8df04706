#include "tests/lib/store_kit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/mem.h"

struct runner_id runner_of(const char *text)
{
    struct runner_id id = {0};
    CHECK(runner_id_set(&id, span_of_text(text)) == 0);
    return id;
}

/* --- the folder ----------------------------------------------------------------------------------------------------- */

/* In memory where that can be had: thousands of fsyncs take minutes, and prove nothing here that faulty_vfs does not. */
struct store_kit *store_kit_new(void)
{
    struct store_kit *kit = mem_must(sizeof *kit);
    const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(kit->folder, sizeof kit->folder, "%s/spectate-store-XXXXXX", where);
    CHECK(mkdtemp(kit->folder) != NULL);
    snprintf(kit->path, sizeof kit->path, "%s/store.db", kit->folder);
    kit->options.path = kit->path;
    return kit;
}

static void empty_folder(const char *path)
{
    DIR *folder = opendir(path);
    CHECK(folder != NULL);
    struct dirent *entry;
    while ((entry = readdir(folder)) != NULL)
        if (entry->d_name[0] != '.')
            CHECK(unlinkat(dirfd(folder), entry->d_name, 0) == 0);
    closedir(folder);
}

void store_kit_free(struct store_kit *kit)
{
    store_kit_close(kit);
    empty_folder(kit->folder);
    rmdir(kit->folder);
    mem_free(kit);
}

int store_kit_open(struct store_kit *kit)
{
    CHECK(kit->store == NULL);
    return store_open(&kit->options, &kit->store, &kit->trouble);
}

void store_kit_close(struct store_kit *kit)
{
    store_close(&kit->store);
}

void store_kit_reopen(struct store_kit *kit)
{
    store_kit_close(kit);
    if (store_kit_open(kit) < 0)
        fprintf(stderr, "%s\n", kit->trouble.text);
    CHECK(kit->store != NULL);
}

int store_kit_set_up(void **state)
{
    struct store_kit *kit = store_kit_new();
    *state = kit;
    store_kit_reopen(kit);
    return 0;
}

int store_kit_tear_down(void **state)
{
    store_kit_free(*state);
    return 0;
}

/* --- what is put and asked ------------------------------------------------------------------------------------------ */

struct wait {
    union {
        struct store_batch batch;
        struct store_job job;
    };
    kit_read_fn *read;
    kit_change_fn *change;
    void *ctx;
    int err;
    sem_t is_done;
};

static void finish(struct wait *wait, int err)
{
    wait->err = err;
    sem_post(&wait->is_done);
}

static int wait_for(struct wait *wait)
{
    while (sem_wait(&wait->is_done) != 0)
        continue;
    sem_destroy(&wait->is_done);
    return wait->err;
}

static void on_batch(struct store_batch *batch, int err)
{
    finish(batch->owner, err);
}

static void on_job(struct store_job *job, int err)
{
    finish(job->owner, err);
}

static int run_read(struct store_job *job, struct store_reader *reader)
{
    struct wait *wait = job->owner;
    return wait->read(reader, wait->ctx);
}

static int run_change(struct store_job *job, struct store_writer *writer)
{
    struct wait *wait = job->owner;
    return wait->change(writer, wait->ctx);
}

struct store_record store_kit_record(struct store_kit *kit, const char *runner, int64_t time_ms)
{
    struct store_record record = {.received_ms = time_ms + 70, .position.time_ms = time_ms};
    record.position.runner = runner_of(runner);
    record.position.sequence = ++kit->sequence;
    position_set_e7(&record.position, (int32_t)(480000000 + time_ms % 1000000),
                    (int32_t)(20000000 - time_ms % 1000000));
    return record;
}

int store_kit_put(struct store_kit *kit, const struct store_record *records, size_t count)
{
    struct store_record *copy = mem_must(count * sizeof *copy);
    memcpy(copy, records, count * sizeof *copy);
    struct wait wait = {
        .batch = {.on_done = on_batch, .owner = &wait, .count = count, .records = copy}};
    sem_init(&wait.is_done, 0, 0);
    int err = store_put(kit->store, &wait.batch);
    if (err == 0)
        err = wait_for(&wait);
    mem_free(copy);
    return err;
}

int store_kit_put_one(struct store_kit *kit, const char *runner, int64_t time_ms)
{
    struct store_record record = store_kit_record(kit, runner, time_ms);
    return store_kit_put(kit, &record, 1);
}

int store_kit_ask(struct store_kit *kit, kit_read_fn *read, void *ctx)
{
    struct wait wait = {
        .job = {.read = run_read, .on_done = on_job, .owner = &wait}, .read = read, .ctx = ctx};
    sem_init(&wait.is_done, 0, 0);
    int err = store_ask(kit->store, &wait.job);
    return err == 0 ? wait_for(&wait) : err;
}

int store_kit_change(struct store_kit *kit, kit_change_fn *change, void *ctx)
{
    struct wait wait = {.job = {.change = run_change, .on_done = on_job, .owner = &wait},
                        .change = change,
                        .ctx = ctx};
    sem_init(&wait.is_done, 0, 0);
    int err = store_change(kit->store, &wait.job);
    return err == 0 ? wait_for(&wait) : err;
}

/* --- reads ---------------------------------------------------------------------------------------------------------- */

bool seen_keep(void *context, const struct store_record *record)
{
    struct seen *seen = context;
    CHECK(seen->count < STORE_KIT_SEEN);
    seen->records[seen->count++] = *record;
    return seen->count != seen->enough;
}

struct track_wish {
    struct store_kit *kit;
    struct store_track track;
};

static int read_track(struct store_reader *reader, void *context)
{
    struct track_wish *wish = context;
    return store_read_track(reader, &wish->track, seen_keep, &wish->kit->seen);
}

int store_kit_track(struct store_kit *kit, const char *runner)
{
    struct track_wish wish = {.kit = kit,
                              .track = {.runner = runner_of(runner),
                                        .from_ms = INT64_MIN,
                                        .until_ms = INT64_MAX,
                                        .limit = STORE_KIT_SEEN}};
    kit->seen = (struct seen){0};
    return store_kit_ask(kit, read_track, &wish);
}

int store_kit_newest(struct store_kit *kit)
{
    kit->seen = (struct seen){0};
    return store_each_newest(kit->store, seen_keep, &kit->seen);
}

static int check(struct store_reader *reader, void *context)
{
    struct store_kit *kit = context;
    return store_check(reader, &kit->trouble);
}

int store_kit_check(struct store_kit *kit)
{
    return store_kit_ask(kit, check, kit);
}

/* --- a writer that waits -------------------------------------------------------------------------------------------- */

static int hold(struct store_job *job, struct store_writer *writer)
{
    struct held_writer *held = job->owner;
    (void)writer;
    sem_post(&held->has_begun);
    while (sem_wait(&held->may_end) != 0)
        continue;
    return 0;
}

static void on_held(struct store_job *job, int err)
{
    struct held_writer *held = job->owner;
    CHECK(err == 0);
    sem_post(&held->has_ended);
}

void store_kit_hold_writer(struct store_kit *kit, struct held_writer *held)
{
    *held = (struct held_writer){.job = {.change = hold, .on_done = on_held, .owner = held}};
    sem_init(&held->has_begun, 0, 0);
    sem_init(&held->may_end, 0, 0);
    sem_init(&held->has_ended, 0, 0);
    CHECK(store_change(kit->store, &held->job) == 0);
    while (sem_wait(&held->has_begun) != 0)
        continue;
}

void store_kit_let_go(struct held_writer *held)
{
    sem_post(&held->may_end);
    while (sem_wait(&held->has_ended) != 0)
        continue;
    sem_destroy(&held->has_begun);
    sem_destroy(&held->may_end);
    sem_destroy(&held->has_ended);
}
