#include "app/shard.h"

#include "app/access.h"
#include "app/archive.h"
#include "app/awaited.h"
#include "app/inquiry.h"
#include "app/interest.h"
#include "app/missed.h"
#include "app/relay.h"
#include "app/resume.h"
#include "app/session_stream.h"
#include "app/shard_events.h"
#include "base/check.h"
#include "base/mem.h"
#include "codec/ws_deflate.h"
#include "net/tls_context.h"

#define LONGEST_TICK_MS 1000
#define SHORTEST_TICK_MS 10
#define SHARDS_MAX 64
#define HOLD_ALL_BYTES                                                                             \
    ((size_t)64 << 20) /* of live stream, for those who are told what they missed */

static uint64_t smallest(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Often enough that each deadline is met within a quarter of its length. */
static uint64_t tick_ms(const struct options *options)
{
    uint64_t shortest =
        smallest(smallest(options->handshake_timeout_ms, options->close_timeout_ms),
                 smallest(options->heartbeat_interval_ms,
                          smallest(options->keep_alive_timeout_ms, options->shutdown_timeout_ms)));
    uint64_t tick = smallest(shortest / 4, LONGEST_TICK_MS);
    return tick < SHORTEST_TICK_MS ? SHORTEST_TICK_MS : tick;
}

static struct hub *make_hub(const struct shard *shard)
{
    const struct options *options = shard->options;
    struct hub_options hub_options = {
        .on_followed = interest_change,
        .context = shard->interest,
        .origin = (uint16_t)shard->index,
        .sink = stream_sink,
        .max_runners = options->max_runners,
        .lag_bytes = options->lag_bytes,
        .lag_ms = options->lag_time_ms,
        .hold_bytes = MISSED_BYTES_MAX,
        .hold_all_bytes = HOLD_ALL_BYTES,
        .fresh_ms = options->fresh_time_ms,
        .flush_sends = options->flush_sends,
        .stale_ms = options->stale_time_ms,
        .lost_ms = options->lost_time_ms,
        .position_ttl_ms = options->position_ttl_ms,
    };
    return hub_new(&hub_options);
}

/* Without memory for it, compression is declined. */
static struct ws_deflate *make_deflate(const struct options *options)
{
    struct ws_deflate_options deflate_options = {
        .level = (int)options->compression,
        .min_bytes = options->compress_min_bytes,
        .max_message_bytes = options->max_message_bytes,
    };
    return options->compression > 0 ? ws_deflate_new(&deflate_options) : NULL;
}

/* With auth, pages of other hosts have to be named; without, anybody may do anything anyway. */
static struct origin_policy make_origins(const struct options *options)
{
    static char any[] = "*";
    static char *const all[] = {any};
    const struct option_list *allowed = &options->allow_origin;
    if (allowed->count > 0)
        return (struct origin_policy){.origins = allowed->items, .count = allowed->count};
    if (options->auth == AUTH_JWT)
        return (struct origin_policy){.same_host = true};
    return (struct origin_policy){.origins = all, .count = 1};
}

struct shard *shard_new(const struct shard_options *shard_options)
{
    const struct options *options = shard_options->options;
    struct shard *shard = mem_must(sizeof *shard);
    struct worker_options worker_options = {
        .events = {.on_turn = shard_on_turn, .on_tick = shard_on_tick, .on_mail = shard_on_mail},
        .context = shard,
        .tick_ms = tick_ms(options),
        .handshakes_per_second = options->tls_handshakes_per_second,
    };
    shard->worker = worker_new(&worker_options);
    if (shard->worker == NULL) {
        mem_free(shard);
        return NULL;
    }
    shard->server = shard_options->server;
    shard->options = options;
    shard->handlers = shard_options->handlers;
    shard->routes = shard_options->routes;
    shard->admission = shard_options->admission;
    shard->interest = shard_options->interest;
    shard->proxies = shard_options->proxies;
    shard->index = shard_options->index;
    shard->last_id = (uint64_t)shard->index << SHARD_SESSION_ID_BITS;
    shard->hub = make_hub(shard);
    shard->deflate = make_deflate(options);
    v1_compressed_init(&shard->v1_compressed, shard->deflate);
    if (shard_options->tls != NULL)
        shard->tls = tls_context_hold(shard_options->tls);
    shard->metrics = metrics_new();
    shard->awaited = awaited_new();
    shard->access = access_new(shard_options->trust, shard->metrics);
    shard->origins = make_origins(options);
    return shard;
}

void shard_free(struct shard **shard)
{
    struct shard *it = *shard;
    if (it == NULL)
        return;
    CHECK(it->sessions == NULL && it->doorstep == NULL && it->rests.first == NULL);
    worker_free(&it->worker);
    hub_free(&it->hub);
    relay_free(&it->relay);
    archive_free(&it->archive);
    buf_fini(&it->appeared);
    resumes_free(&it->resumes);
    inquiries_free(&it->inquiries);
    v1_compressed_fini(&it->v1_compressed);
    ws_deflate_free(&it->deflate);
    ws_deflate_free(&it->gzip);
    access_free(&it->access);
    awaited_free(&it->awaited);
    tls_context_drop(&it->tls);
    metrics_free(&it->metrics);
    seed_message_fini(&it->message);
    v1_message_fini(&it->v1_message);
    mem_free(it);
    *shard = NULL;
}

void shard_use_store(struct shard *shard, struct store *store)
{
    shard->store = store;
    shard->archive = archive_new(store, shard->worker);
    shard->resumes = resumes_new(shard);
    shard->inquiries = inquiries_new();
}

void shard_introduce(struct shard *shard, struct shard *const *all, size_t count)
{
    struct relay_end others[SHARDS_MAX];
    size_t other_count = 0;
    CHECK(count <= SHARDS_MAX);
    for (size_t i = 0; i < count; i++)
        if (all[i] != shard)
            others[other_count++] =
                (struct relay_end){.worker = all[i]->worker, .unread = &all[i]->unread};
    shard->relay = relay_new(others, other_count);
    shard->all = all;
    shard->all_count = count;
}

void shard_run(struct shard *shard)
{
    worker_run(shard->worker);
}
