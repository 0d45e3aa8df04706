#include "app/shard.h"

#include <errno.h>
#include <unistd.h>
#include <utlist.h>

#include "app/admission.h"
#include "app/seed_session.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/listener.h"

#define LONGEST_TICK_MS 1000
#define SHORTEST_TICK_MS 10
#define EXPIRES_PER_TICK 10000

static void sweep_sessions(struct shard *shard, uint64_t now_ms)
{
    struct session *session;
    struct session *next;
    DL_FOREACH_SAFE(shard->sessions, session, next)
    {
        session_sweep(session, now_ms);
    }
}

/* The sessions had their time; who is still there is cut off. */
static void check_drained(struct shard *shard, uint64_t now_ms)
{
    struct session *session;
    if (shard->drain_deadline_ms == 0)
        return;
    if (shard->sessions != NULL && now_ms < shard->drain_deadline_ms)
        return;
    DL_FOREACH(shard->sessions, session)
    {
        conn_close(&session->conn);
    }
    worker_stop(shard->worker);
}

static bool flush(struct shard *shard, uint64_t now_ms)
{
    uint64_t begin_us = clock_monotonic_us();
    uint64_t sends = hub_stats(shard->hub).sends;
    bool has_more = hub_flush(shard->hub, now_ms);
    if (hub_stats(shard->hub).sends != sends)
        metrics_observe_us(shard->metrics, METRIC_flush_seconds, clock_monotonic_us() - begin_us);
    return has_more;
}

static bool on_turn(void *context, uint64_t now_ms)
{
    struct shard *shard = context;
    bool has_more = flush(shard, now_ms);
    check_drained(shard, now_ms);
    return has_more;
}

static void on_tick(void *context, uint64_t now_ms)
{
    struct shard *shard = context;
    sweep_sessions(shard, now_ms);
    hub_expire(shard->hub, now_ms, EXPIRES_PER_TICK);
    shard_refresh_metrics(shard);
}

/* Everything pending is sent before the close frames. */
static void drain(struct shard *shard)
{
    uint64_t now_ms = worker_now_ms(shard->worker);
    struct session *session;
    struct session *next;
    if (shard->drain_deadline_ms != 0)
        return;
    shard->drain_deadline_ms = now_ms + shard->options->shutdown_timeout_ms;
    worker_close_listeners(shard->worker);
    while (hub_flush(shard->hub, now_ms))
        continue;
    DL_FOREACH_SAFE(shard->sessions, session, next)
    {
        session_close(session, CLOSE_shutdown);
    }
}

/* The only mail there is says stop. */
static void on_mail(void *context, void *mail)
{
    (void)mail;
    drain(context);
}

static uint64_t smallest(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Often enough that each deadline is met within a quarter of its length. */
static uint64_t tick_ms(const struct options *options)
{
    uint64_t shortest = smallest(smallest(options->handshake_timeout_ms, options->close_timeout_ms),
                                 smallest(options->heartbeat_interval_ms,
                                          smallest(options->keep_alive_timeout_ms,
                                                   options->shutdown_timeout_ms)));
    uint64_t tick = smallest(shortest / 4, LONGEST_TICK_MS);
    return tick < SHORTEST_TICK_MS ? SHORTEST_TICK_MS : tick;
}

static struct hub *make_hub(const struct options *options)
{
    struct hub_options hub_options = {
        .sink = session_sink,
        .max_runners = options->max_runners,
        .lag_bytes = options->lag_bytes,
        .lag_ms = options->lag_time_ms,
        .flush_sends = options->flush_sends,
        .position_ttl_ms = options->position_ttl_ms,
    };
    return hub_new(&hub_options);
}

struct shard *shard_new(const struct shard_options *shard_options)
{
    const struct options *options = shard_options->options;
    struct shard *shard = mem_must(sizeof *shard);
    struct worker_options worker_options = {
        .events = {.on_turn = on_turn, .on_tick = on_tick, .on_mail = on_mail},
        .context = shard,
        .tick_ms = tick_ms(options),
    };
    shard->worker = worker_new(&worker_options);
    if (shard->worker == NULL) {
        mem_free(shard);
        return NULL;
    }
    shard->server = shard_options->server;
    shard->options = options;
    shard->handler = shard_options->handler;
    shard->admission = shard_options->admission;
    shard->index = shard_options->index;
    shard->last_id = (uint64_t)shard->index << 48;
    shard->hub = make_hub(options);
    shard->metrics = metrics_new();
    return shard;
}

void shard_free(struct shard **shard)
{
    struct shard *it = *shard;
    if (it == NULL)
        return;
    CHECK(it->sessions == NULL);
    worker_free(&it->worker);
    hub_free(&it->hub);
    metrics_free(&it->metrics);
    seed_message_fini(&it->message);
    mem_free(it);
    *shard = NULL;
}

static void on_accept(void *context, int fd, const struct address *peer)
{
    if (session_start(context, fd, peer) < 0)
        close(fd);
}

static void on_out_of_descriptors(void *context)
{
    struct shard *shard = context;
    metrics_add_labelled(shard->metrics, METRIC_errors_total, FAULT_out_of_descriptors, 1);
}

int shard_listen(struct shard *shard, const struct address *address, bool share_port,
                 struct address *bound)
{
    struct listener_options options = {
        .address = *address,
        .backlog = (int)shard->options->backlog,
        .share_port = share_port,
        .notsent_bytes = shard->options->notsent_bytes,
        .context = shard,
        .on_accept = on_accept,
        .on_out_of_descriptors = on_out_of_descriptors,
    };
    struct listener *listener = listener_open(shard->worker, &options);
    if (listener == NULL)
        return ERR_SYSTEM;
    *bound = *listener_address(listener);
    return 0;
}

void shard_run(struct shard *shard)
{
    worker_run(shard->worker);
}

void shard_stop(struct shard *shard)
{
    static char stop;
    /* a worker that has stopped already needs no telling */
    (void)worker_post(shard->worker, &stop);
}

static size_t queued_bytes(const struct shard *shard)
{
    size_t bytes = 0;
    for (const struct session *at = shard->sessions; at != NULL; at = at->next)
        bytes += conn_queued(&at->conn) + ws_gather_bytes(&at->gather);
    return bytes;
}

void shard_refresh_metrics(struct shard *shard)
{
    struct metrics *metrics = shard->metrics;
    struct hub_stats stats = hub_stats(shard->hub);
    metrics_set(metrics, METRIC_connections, shard->session_count);
    metrics_set(metrics, METRIC_sessions, shard->open_count);
    metrics_set(metrics, METRIC_followers, stats.followers);
    metrics_set(metrics, METRIC_behind_followers, stats.behind);
    metrics_set(metrics, METRIC_audiences, stats.audiences);
    metrics_set(metrics, METRIC_runners, stats.runners);
    metrics_set(metrics, METRIC_queued_bytes, stats.queued_bytes + queued_bytes(shard));
    metrics_set(metrics, METRIC_positions_received_total, stats.received);
    metrics_set(metrics, METRIC_positions_late_total, stats.late);
    metrics_set(metrics, METRIC_positions_delivered_total, stats.delivered);
    metrics_set(metrics, METRIC_positions_superseded_total, stats.superseded);
    metrics_set(metrics, METRIC_sends_total, stats.sends);
}
