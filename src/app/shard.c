#include "app/shard.h"

#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>
#include <utlist.h>

#include "app/access.h"
#include "app/admin_routes.h"
#include "app/admission.h"
#include "app/doorstep.h"
#include "app/errand.h"
#include "app/mail.h"
#include "app/relay.h"
#include "app/seed_session.h"
#include "app/session_access.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "codec/ws_deflate.h"
#include "net/listener.h"
#include "net/tls_context.h"

#define LONGEST_TICK_MS 1000
#define SHORTEST_TICK_MS 10
#define EXPIRES_PER_TICK 10000
#define SHARDS_MAX 64
#define STORM_SESSIONS 1000

static void sweep_sessions(struct shard *shard)
{
    struct session *session;
    struct session *next;
    DL_FOREACH_SAFE(shard->sessions, session, next)
    {
        session_sweep(session);
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
    if (hub_next_tick_ms(shard->hub) != UINT64_MAX)
        worker_wake_at(shard->worker, hub_next_tick_ms(shard->hub));
    if (hub_stats(shard->hub).sends != sends)
        metrics_observe_us(shard->metrics, METRIC_flush_seconds, clock_monotonic_us() - begin_us);
    return has_more;
}

static bool post_positions(struct shard *shard)
{
    bool has_more = false;
    size_t squashed = relay_post(shard->relay, &has_more);
    metrics_add(shard->metrics, METRIC_positions_squashed_total, squashed);
    return has_more;
}

static bool on_turn(void *context, uint64_t now_ms)
{
    struct shard *shard = context;
    bool has_more = post_positions(shard);
    has_more |= flush(shard, now_ms);
    check_drained(shard, now_ms);
    return has_more;
}

/* After a storm of connections has gone, what the allocator keeps of it goes back to the system. */
static void give_memory_back(struct shard *shard)
{
    if (shard->session_count > shard->session_peak)
        shard->session_peak = shard->session_count;
    if (shard->session_peak < STORM_SESSIONS || shard->session_count > shard->session_peak / 2)
        return;
    shard->session_peak = shard->session_count;
    mem_give_back();
}

static void on_tick(void *context, uint64_t now_ms)
{
    struct shard *shard = context;
    sweep_sessions(shard);
    doorstep_sweep(shard);
    give_memory_back(shard);
    hub_expire(shard->hub, now_ms, EXPIRES_PER_TICK);
    access_tidy(shard->access, now_ms);
    shard_refresh_metrics(shard);
}

/* --- positions ------------------------------------------------------------------------------------------------------ */

/* Fix time, where the dialect gives none: arrival, which never goes back. */
static int64_t arrival_ms(struct shard *shard)
{
    int64_t now_ms = clock_wall_ms();
    if (now_ms > shard->arrival_ms)
        shard->arrival_ms = now_ms;
    return shard->arrival_ms;
}

static int publish_here(struct shard *shard, struct position *position)
{
    if (position->time_is_arrival)
        position->time_ms = arrival_ms(shard);
    return hub_publish(shard->hub, position, worker_now_ms(shard->worker));
}

int shard_publish(struct shard *shard, struct position *position)
{
    int result = publish_here(shard, position);
    if (result != 0)
        return result;
    metrics_add(shard->metrics, METRIC_positions_received_total, 1);
    return relay_add(shard->relay, position);
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
    doorstep_clear(shard);
    while (hub_flush(shard->hub, now_ms))
        continue;
    DL_FOREACH_SAFE(shard->sessions, session, next)
    {
        session_close(session, CLOSE_shutdown);
    }
}

/* --- mail ----------------------------------------------------------------------------------------------------------- */

/* A connection that another shard accepted, as this one has fewer. */
struct handed_socket {
    struct mail mail;
    int fd;
    struct address peer;
};

static void on_stop(struct shard *shard, struct mail *mail)
{
    (void)mail;
    drain(shard);
}

static void on_positions(struct shard *shard, struct mail *mail)
{
    struct parcel *parcel = (struct parcel *)(void *)mail;
    for (size_t i = 0; i < parcel->count; i++) {
        struct position position = parcel->positions[i];
        if (publish_here(shard, &position) < 0)
            metrics_add_labelled(shard->metrics, METRIC_errors_total, FAULT_too_many_runners, 1);
    }
    parcel_drop(parcel);
}

static int start(struct shard *shard, int fd, const struct address *peer)
{
    if (shard->drain_deadline_ms != 0)
        return ERR_CLOSED;
    return doorstep_is_for(shard, peer) ? doorstep_wait(shard, fd, peer)
                                        : session_start(shard, fd, peer);
}

static void take_socket(struct shard *shard, int fd, const struct address *peer)
{
    if (start(shard, fd, peer) < 0) {
        atomic_fetch_sub(&shard->load, 1);
        close(fd);
    }
}

static void on_socket(struct shard *shard, struct mail *mail)
{
    struct handed_socket *handed = (struct handed_socket *)(void *)mail;
    take_socket(shard, handed->fd, &handed->peer);
    mem_free(handed);
}

static void on_keys(struct shard *shard, struct mail *mail)
{
    access_on_keys(shard->access, (struct keys_mail *)(void *)mail, session_resume);
}

static void on_groups(struct shard *shard, struct mail *mail)
{
    access_on_groups(shard->access, (struct groups_mail *)(void *)mail);
}

static void check_access(struct shard *shard)
{
    struct session *session;
    struct session *next;
    DL_FOREACH_SAFE(shard->sessions, session, next)
    {
        session_check_access(session);
    }
}

static void on_revoke(struct shard *shard, struct mail *mail)
{
    struct revoke_mail *revoke = (struct revoke_mail *)(void *)mail;
    if (access_revoke(shard->access, &revoke->revocation) < 0)
        LOG(LOG_ERROR, "auth.not_revoked", NO_SESSION, "there is no room for a revocation");
    mem_free(revoke);
    check_access(shard);
}

/* Who is asked answers and sends it on; home, where the question came from, is not asked. */
static void on_errand(struct shard *shard, struct mail *mail)
{
    struct errand *errand = (struct errand *)(void *)mail;
    if (errand->home == shard) {
        admin_on_errand(shard, errand);
        return;
    }
    errand_visit(errand, shard);
    if (errand_go(errand) < 0 && errand_give_up(errand) < 0)
        errand_free(&errand);
}

struct tls_mail {
    struct mail mail;
    struct tls_context *context; /* held */
};

static void on_tls(struct shard *shard, struct mail *mail)
{
    struct tls_mail *tls = (struct tls_mail *)(void *)mail;
    tls_context_drop(&shard->tls);
    shard->tls = tls->context;
    mem_free(tls);
}

static void on_mail(void *context, void *mail)
{
    static void (*const handlers[])(struct shard * shard, struct mail * mail) = {
        [MAIL_STOP] = on_stop,     [MAIL_POSITIONS] = on_positions,
        [MAIL_SOCKET] = on_socket, [MAIL_KEYS] = on_keys,
        [MAIL_REVOKE] = on_revoke, [MAIL_GROUPS] = on_groups,
        [MAIL_ERRAND] = on_errand, [MAIL_TLS] = on_tls,
    };
    handlers[((struct mail *)mail)->kind](context, mail);
}

/* --- made and unmade ------------------------------------------------------------------------------------------------ */

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

static struct hub *make_hub(const struct options *options)
{
    struct hub_options hub_options = {
        .sink = session_sink,
        .max_runners = options->max_runners,
        .lag_bytes = options->lag_bytes,
        .lag_ms = options->lag_time_ms,
        .fresh_ms = options->fresh_time_ms,
        .flush_sends = options->flush_sends,
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
        .events = {.on_turn = on_turn, .on_tick = on_tick, .on_mail = on_mail},
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
    shard->handler = shard_options->handler;
    shard->routes = shard_options->routes;
    shard->admission = shard_options->admission;
    shard->proxies = shard_options->proxies;
    shard->index = shard_options->index;
    shard->last_id = (uint64_t)shard->index << SHARD_SESSION_ID_BITS;
    shard->hub = make_hub(options);
    shard->deflate = make_deflate(options);
    if (shard_options->tls != NULL)
        shard->tls = tls_context_hold(shard_options->tls);
    shard->metrics = metrics_new();
    shard->access = access_new(shard_options->trust, shard->metrics);
    shard->origins = make_origins(options);
    return shard;
}

void shard_free(struct shard **shard)
{
    struct shard *it = *shard;
    if (it == NULL)
        return;
    CHECK(it->sessions == NULL && it->doorstep == NULL);
    worker_free(&it->worker);
    hub_free(&it->hub);
    relay_free(&it->relay);
    ws_deflate_free(&it->deflate);
    access_free(&it->access);
    tls_context_drop(&it->tls);
    metrics_free(&it->metrics);
    seed_message_fini(&it->message);
    mem_free(it);
    *shard = NULL;
}

void shard_introduce(struct shard *shard, struct shard *const *all, size_t count)
{
    struct worker *others[SHARDS_MAX];
    size_t other_count = 0;
    CHECK(count <= SHARDS_MAX);
    for (size_t i = 0; i < count; i++)
        if (all[i] != shard)
            others[other_count++] = all[i]->worker;
    shard->relay = relay_new(others, other_count);
    shard->all = all;
    shard->all_count = count;
}

/* The kernel spreads connections by chance; few but heavy ones must not meet on one worker while another idles. */
static struct shard *least_loaded(struct shard *shard)
{
    struct shard *least = shard;
    size_t load = atomic_load(&shard->load);
    for (size_t i = 0; i < shard->all_count; i++) {
        size_t other = atomic_load(&shard->all[i]->load);
        if (other + 1 < load) {
            least = shard->all[i];
            load = other + 1;
        }
    }
    return least;
}

static int hand_over(struct shard *to, int fd, const struct address *peer)
{
    struct handed_socket *handed = mem_try(sizeof *handed);
    if (handed == NULL)
        return ERR_NO_MEMORY;
    *handed = (struct handed_socket){.mail = {MAIL_SOCKET}, .fd = fd, .peer = *peer};
    int err = worker_post(to->worker, &handed->mail);
    if (err < 0)
        mem_free(handed);
    return err;
}

static void on_accept(void *context, int fd, const struct address *peer)
{
    struct shard *shard = context;
    struct shard *least = least_loaded(shard);
    atomic_fetch_add(&least->load, 1);
    if (least != shard && hand_over(least, fd, peer) == 0)
        return;
    if (least != shard) {
        atomic_fetch_sub(&least->load, 1);
        atomic_fetch_add(&shard->load, 1);
    }
    take_socket(shard, fd, peer);
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

/* A worker that has stopped already needs no telling (ERR_CLOSED); one with a full mailbox is about to empty it. */
int shard_post(struct shard *shard, struct mail *mail)
{
    int err;
    while ((err = worker_post(shard->worker, mail)) == ERR_FULL)
        uv_sleep(1);
    return err;
}

void shard_stop(struct shard *shard)
{
    static struct mail stop = {.kind = MAIL_STOP};
    (void)shard_post(shard, &stop);
}

void shard_set_tls(struct shard *shard, struct tls_context *context)
{
    struct tls_mail *tls = mem_must(sizeof *tls);
    *tls = (struct tls_mail){.mail = {MAIL_TLS}, .context = tls_context_hold(context)};
    if (shard_post(shard, &tls->mail) == 0)
        return;
    tls_context_drop(&tls->context);
    mem_free(tls);
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
    metrics_set(metrics, METRIC_connections, shard->session_count + shard->doorstep_count);
    metrics_set(metrics, METRIC_sessions, shard->open_count);
    metrics_set(metrics, METRIC_followers, stats.followers);
    metrics_set(metrics, METRIC_behind_followers, stats.behind);
    metrics_set(metrics, METRIC_slow_followers, stats.slow);
    metrics_set(metrics, METRIC_audiences, stats.audiences);
    metrics_set(metrics, METRIC_runners, stats.runners);
    metrics_set(metrics, METRIC_sessions_awaiting_keys, access_parked(shard->access));
    metrics_set(metrics, METRIC_tls_handshakes_waiting, worker_handshakes_waiting(shard->worker));
    if (shard->tls != NULL)
        metrics_set(metrics, METRIC_tls_certificate_expiry_seconds,
                    (uint64_t)tls_context_expires_s(shard->tls));
    metrics_set(metrics, METRIC_queued_bytes, stats.queued_bytes + queued_bytes(shard));
    metrics_set(metrics, METRIC_positions_late_total, stats.late);
    metrics_set(metrics, METRIC_positions_delivered_total, stats.delivered);
    metrics_set(metrics, METRIC_positions_superseded_total, stats.superseded);
    metrics_set(metrics, METRIC_sends_total, stats.sends);
}
