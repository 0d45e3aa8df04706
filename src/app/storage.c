#include "app/storage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/retention.h"
#include "app/shard.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "proto/v1_live.h"

/* --- open ----------------------------------------------------------------------------------------------------------- */

static bool is_wanted(const struct options *options)
{
    return options->store != STORE_KIND_NONE && options->data != NULL;
}

/* Nobody has a cursor of a server that keeps nothing: each start is another. */
static int keep_nothing(const struct options *options)
{
    uint8_t identity[CURSOR_IDENTITY_BYTES];
    CHECK(getentropy(identity, sizeof identity) == 0);
    v1_set_origin(identity, 0);
    if (options->store == STORE_KIND_AUTO)
        LOG(LOG_INFO, "store.none", NO_SESSION,
            "positions are not kept: that takes a folder, by --data");
    return 0;
}

static int make_folder(const char *path)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return 0;
    LOG(LOG_ERROR, "store.no_folder", NO_SESSION, "%s: %s", path, strerror(errno));
    return ERR_SYSTEM;
}

static int open_in(const struct options *options, struct store **store)
{
    char path[4096];
    struct store_trouble trouble;
    struct store_options store_options = {
        .path = path,
        .queued_positions = options->store_queue,
        .gather_us = options->store_gather_ms * 1000,
        .linger_us = options->store_linger_ms * 1000,
    };
    int len = snprintf(path, sizeof path, "%s/%s", options->data, STORAGE_FILE);
    int err = len < (int)sizeof path ? make_folder(options->data) : ERR_TOO_BIG;
    if (err < 0)
        return err;
    err = store_open(&store_options, store, &trouble);
    if (err < 0)
        LOG(LOG_ERROR, "store.not_open", NO_SESSION, "%s", trouble.text);
    return err;
}

int storage_open(const struct options *options, struct store **store)
{
    *store = NULL;
    if (!is_wanted(options))
        return keep_nothing(options);
    int err = open_in(options, store);
    if (err < 0)
        return err;
    const struct store_identity *identity = store_identity(*store);
    v1_set_origin(identity->id, identity->boot);
    return 0;
}

/* --- what was kept -------------------------------------------------------------------------------------------------- */

struct kept {
    struct position position;
    int64_t came_ms; /* live; what never was counts as if it had come when it was taken */
};

struct collection {
    struct buf kept;
    int64_t after_ms; /* what came before is too old */
    int err;
};

/* Numbers are of the boot in which it came: to this one it is what there was before all. */
static bool collect(void *context, const struct store_record *record)
{
    struct collection *collection = context;
    bool was_live = (record->flags & STORE_LATE) == 0;
    struct kept kept = {.position = record->position,
                        .came_ms = was_live ? record->received_ms : record->position.time_ms};
    kept.position.origin = 0;
    kept.position.sequence = 0;
    if (kept.came_ms >= collection->after_ms)
        collection->err = buf_append(&collection->kept, span_of(&kept, sizeof kept));
    return collection->err == 0;
}

static int by_age(const void *a, const void *b)
{
    int64_t first = ((const struct kept *)a)->came_ms;
    int64_t second = ((const struct kept *)b)->came_ms;
    return (first > second) - (first < second);
}

static int read_kept(struct store *store, const struct options *options, struct buf *kept)
{
    struct collection collection = {.after_ms = INT64_MIN};
    if (options->position_ttl_ms > 0)
        collection.after_ms = clock_wall_ms() - (int64_t)options->position_ttl_ms;
    struct retention *retention = retention_new(options);
    int err = store_each_newest_within(store, retention_age(retention, clock_wall_ms()), collect,
                                       &collection);
    retention_free(&retention);
    *kept = collection.kept;
    if (err == 0)
        err = collection.err;
    if (kept->len > 0)
        qsort(kept->data, kept->len / sizeof(struct kept), sizeof(struct kept), by_age);
    return err;
}

/* As if it had come when it did: so it is stale, lost and forgotten in its time. */
static void show(struct shard *shard, const struct kept *kept, size_t count)
{
    int64_t wall_ms = clock_wall_ms();
    int64_t now_ms = (int64_t)worker_now_ms(shard->worker);
    for (size_t i = 0; i < count; i++) {
        int64_t age_ms = wall_ms - kept[i].came_ms;
        int64_t then_ms = now_ms - (age_ms > 0 ? age_ms : 0);
        shard_show_kept(shard, &kept[i].position, then_ms > 0 ? (uint64_t)then_ms : 0);
    }
}

int storage_use(struct store *store, const struct options *options, struct shard *const *shards,
                size_t count)
{
    struct buf buf = {0};
    int err = read_kept(store, options, &buf);
    const struct kept *kept = (const struct kept *)(const void *)buf.data;
    size_t found = buf.len / sizeof *kept;
    size_t known = found < options->max_runners ? found : options->max_runners;
    for (size_t i = 0; i < count && err == 0; i++) {
        shard_use_store(shards[i], store);
        show(shards[i], kept + (found - known), known);
    }
    buf_fini(&buf);
    if (err < 0)
        LOG(LOG_ERROR, "store.unreadable", NO_SESSION, "what was kept can't be read: %s",
            err_text(err));
    else
        LOG(LOG_INFO, "store.ready", NO_SESSION, "kept in %s; runners that were known: %zu",
            options->data, known);
    return err;
}

/* --- how it is ------------------------------------------------------------------------------------------------------ */

const char *storage_health_text(enum store_health health)
{
    static const char *const texts[] = {
        [STORE_WELL] = "",
        [STORE_DISK_FULL] = "the disk is full",
        [STORE_DISK_BROKEN] = "the disk fails",
        [STORE_BUSY] = "another process holds the file of the store",
        [STORE_DAMAGED] = "the file of the store is damaged",
    };
    return texts[health];
}

void storage_refresh_metrics(struct store *store, struct metrics *metrics)
{
    struct store_stats stats = store_stats(store);
    metrics_set(metrics, METRIC_store_well, stats.health == STORE_WELL);
    metrics_set(metrics, METRIC_store_queued_positions, stats.queued);
    metrics_set(metrics, METRIC_store_queued_jobs, stats.queued_jobs);
    metrics_set(metrics, METRIC_store_oldest_milliseconds, stats.oldest_us / 1000);
    metrics_set(metrics, METRIC_store_positions_total, stats.stored);
    metrics_set(metrics, METRIC_store_duplicates_total, stats.duplicates);
    metrics_set(metrics, METRIC_store_passed_over_total, stats.passed_over);
    metrics_set(metrics, METRIC_store_erased_total, stats.erased);
    metrics_set(metrics, METRIC_store_refused_total, stats.refused);
    metrics_set(metrics, METRIC_store_commits_total, stats.commits);
    metrics_set(metrics, METRIC_store_commit_milliseconds_total, stats.commit_us / 1000);
    metrics_set(metrics, METRIC_store_failures_total, stats.failures);
}
