#include "app/server.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "app/admin_routes.h"
#include "app/admission.h"
#include "app/certificates.h"
#include "app/interest.h"
#include "app/reload.h"
#include "app/retention.h"
#include "app/routes.h"
#include "app/shard.h"
#include "app/socket_budget.h"
#include "app/storage.h"
#include "app/trust.h"
#include "app/trusted_proxies.h"
#include "app/user.h"
#include "base/check.h"
#include "base/err.h"
#include "base/exit_code.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "metrics/metrics.h"
#include "net/listener.h"

#define MAX_SHARDS 64
#define MAX_THREADS (MAX_SHARDS + 1)
#define SIGNALS 2
#define DESCRIPTORS_TO_START 12 /* of the main thread: its loop, its signals, the streams */

static const int ending_signals[SIGNALS] = {SIGTERM, SIGINT};

struct server {
    const struct options *options;     /* borrowed */
    struct admission *admission;       /* owned; of runners and spectators */
    struct interest *interest;         /* owned */
    struct admission *operators;       /* owned; apart, so that a flood can't keep them out */
    struct certificates *certificates; /* owned; NULL: no TLS */
    struct trust *trust;               /* owned */
    struct store *store;               /* owned; NULL: nothing is kept */
    struct retention *retention;       /* owned; NULL: what is kept is kept for ever */
    struct trusted_proxies *proxies;   /* owned */
    struct shard *shards[MAX_THREADS];
    const struct metrics *metrics[MAX_THREADS]; /* of these */
    uv_thread_t threads[MAX_THREADS];
    size_t shard_count; /* that serve runners and spectators */
    size_t descriptors; /* that the process may have; 0: not known or no limit */
    size_t total;       /* with the one behind them that serves operators, if there is one */
    size_t running;
    uv_loop_t loop; /* the main thread's, for signals */
    uv_signal_t signals[SIGNALS];
    uv_signal_t hangup; /* SIGHUP: app/reload.h */
    uv_async_t shard_ended;
    _Atomic size_t ended;
    bool is_ending;
};

int server_write_metrics(const struct server *server, struct buf *out)
{
    return metrics_write_text(server->metrics, server->total, out);
}

struct shard *const *server_shards(const struct server *server, size_t *count)
{
    *count = server->shard_count;
    return server->shards;
}

struct trust *server_trust(const struct server *server)
{
    return server->trust;
}

/* --- what is needed before anything can be served ------------------------------------------------------------------- */

static size_t worker_count(const struct options *options)
{
    size_t cores = uv_available_parallelism();
    size_t count = options->workers > 0 ? options->workers : cores;
    return count < MAX_SHARDS ? count : MAX_SHARDS;
}

static struct tls_context *tls_of(const struct server *server)
{
    return server->certificates != NULL ? certificates_context(server->certificates) : NULL;
}

/* Operators come without TLS and proxies, from this machine as a rule. */
static struct shard *make_shard(struct server *server, const struct session_handlers *handlers,
                                const struct routes *routes)
{
    bool is_public = routes == &public_routes;
    struct shard_options options = {
        .server = server,
        .options = server->options,
        .handlers = handlers,
        .routes = routes,
        .admission = is_public ? server->admission : server->operators,
        .interest = server->interest,
        .trust = server->trust,
        .proxies = is_public ? server->proxies : NULL,
        .tls = is_public ? tls_of(server) : NULL,
        .index = (unsigned)server->total,
    };
    struct shard *shard = shard_new(&options);
    if (shard == NULL)
        return NULL;
    server->shards[server->total] = shard;
    server->metrics[server->total] = shard->metrics;
    server->total++;
    return shard;
}

static int make_shards(struct server *server, const struct session_handlers *handlers)
{
    size_t count = worker_count(server->options);
    while (server->shard_count < count && make_shard(server, handlers, &public_routes) != NULL)
        server->shard_count++;
    /* Also when some are missing: the ones that were made still have to be wound up. */
    for (size_t i = 0; i < server->shard_count; i++)
        shard_introduce(server->shards[i], server->shards, server->shard_count);
    return server->shard_count == count ? 0 : ERR_SYSTEM;
}

/* Alone on its port, and nobody's neighbour. */
static int make_operators_shard(struct server *server, const struct session_handlers *handlers)
{
    if (server->options->admin == NULL)
        return 0;
    struct shard *shard = make_shard(server, handlers, &admin_routes);
    if (shard == NULL)
        return ERR_SYSTEM;
    metrics_set(shard->metrics, METRIC_workers, 0); /* it is none of those who serve */
    shard_introduce(shard, &server->shards[server->total - 1], 1);
    return 0;
}

static int listen_failed(const char *text, int err)
{
    LOG(LOG_ERROR, "net.not_listening", NO_SESSION, "%s: %s", text, strerror(errno));
    return err;
}

static void tell_listening(const char *event, const struct address *address)
{
    char name[ADDRESS_TEXT_BYTES];
    address_format(address, name);
    LOG(LOG_INFO, event, NO_SESSION, "listening on %s", name);
}

/* All workers listen on the address; the port that the system chose for the first is that of the others. */
static int listen_on(struct server *server, const char *text)
{
    struct address address;
    int err = address_parse(text, &address);
    if (err < 0) {
        LOG(LOG_ERROR, "net.bad_address", NO_SESSION, "%s: %s", text, err_text(err));
        return err;
    }
    bool share_port = server->shard_count > 1;
    if (share_port && listener_probe(&address) < 0)
        return listen_failed(text, ERR_SYSTEM);
    for (size_t i = 0; i < server->shard_count; i++) {
        err = shard_listen(server->shards[i], &address, share_port, &address);
        if (err < 0)
            return listen_failed(text, err);
    }
    tell_listening("net.listening", &address);
    return 0;
}

static int listen_for_operators(struct server *server)
{
    const char *text = server->options->admin;
    struct address address;
    if (text == NULL)
        return 0;
    int err = address_parse(text, &address);
    if (err < 0) {
        LOG(LOG_ERROR, "net.bad_address", NO_SESSION, "%s: %s", text, err_text(err));
        return err;
    }
    err = shard_listen(server->shards[server->total - 1], &address, false, &address);
    if (err < 0)
        return listen_failed(text, err);
    tell_listening("admin.listening", &address);
    return 0;
}

/* When all is open that is needed to serve. */
static void share_out_descriptors(struct server *server)
{
    size_t sockets = socket_budget_strangers(server->descriptors);
    for (size_t i = 0; i < server->shard_count; i++)
        server->shards[i]->max_sockets = sockets;
    if (server->total > server->shard_count)
        server->shards[server->shard_count]->max_sockets = SOCKET_BUDGET_OPERATORS_ALL;
}

static int become_user(const char *name)
{
    int err = name == NULL ? 0 : user_become(name);
    if (err < 0)
        LOG(LOG_ERROR, "server.user", NO_SESSION, "can't become the user %s: %s", name,
            err == ERR_SYSTEM ? strerror(errno) : "there is no such user");
    return err;
}

static int listen_on_all(struct server *server)
{
    const struct option_list *list = &server->options->listen;
    for (size_t i = 0; i < list->count; i++) {
        int err = listen_on(server, list->items[i]);
        if (err < 0)
            return err;
    }
    return 0;
}

/* --- threads and signals -------------------------------------------------------------------------------------------- */

struct shard_thread {
    struct server *server;
    struct shard *shard;
    unsigned number; /* of the worker; 0: it serves operators */
};

static void name_thread(const struct shard_thread *thread)
{
    char name[32] = "operators";
    if (thread->number > 0)
        snprintf(name, sizeof name, "worker-%u", thread->number);
    thread_set_name(name);
}

static void run_shard(void *context)
{
    struct shard_thread thread = *(struct shard_thread *)context;
    mem_free(context);
    name_thread(&thread);
    shard_run(thread.shard);
    atomic_fetch_add(&thread.server->ended, 1);
    uv_async_send(&thread.server->shard_ended);
}

static void stop_shards(struct server *server)
{
    server->is_ending = true;
    trust_stop(server->trust);
    for (size_t i = 0; i < server->total; i++)
        shard_stop(server->shards[i]);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct server *server = handle->data;
    if (server->is_ending) {
        LOG(LOG_WARN, "server.killed", NO_SESSION, "signal %d again: ending at once", number);
        _exit(EXIT_CODE_FAILED);
    }
    LOG(LOG_INFO, "server.stopping", NO_SESSION, "signal %d: closing all sessions", number);
    stop_shards(server);
}

static void on_hangup(uv_signal_t *handle, int number)
{
    struct server *server = handle->data;
    (void)number;
    if (server->is_ending)
        return;
    reload(server->trust, server->certificates, server->shards, server->shard_count);
}

static void on_shard_ended(uv_async_t *async)
{
    struct server *server = async->data;
    if (atomic_load(&server->ended) == server->running)
        uv_stop(&server->loop);
}

/* The very last: from here on a signal would end the process by itself, with another status than ours. */
static void stop_watching_signals(struct server *server)
{
    for (size_t i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&server->signals[i], NULL);
    for (size_t i = 0; i < SIGNALS; i++)
        signal(ending_signals[i], SIG_IGN);
    uv_close((uv_handle_t *)&server->hangup, NULL);
    uv_close((uv_handle_t *)&server->shard_ended, NULL);
    uv_run(&server->loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&server->loop) == 0);
}

static void watch_signals(struct server *server)
{
    CHECK(uv_loop_init(&server->loop) == 0);
    CHECK(uv_async_init(&server->loop, &server->shard_ended, on_shard_ended) == 0);
    server->shard_ended.data = server;
    for (size_t i = 0; i < SIGNALS; i++) {
        CHECK(uv_signal_init(&server->loop, &server->signals[i]) == 0);
        server->signals[i].data = server;
        CHECK(uv_signal_start(&server->signals[i], on_signal, ending_signals[i]) == 0);
    }
    CHECK(uv_signal_init(&server->loop, &server->hangup) == 0);
    server->hangup.data = server;
    signal(SIGPIPE, SIG_IGN);
}

/* 0 or ERR_INVALID. */
static int load_certificates(struct server *server)
{
    if (server->options->tls_cert == NULL)
        return 0;
    server->certificates = certificates_new(server->options);
    return server->certificates != NULL ? 0 : ERR_INVALID;
}

static void start_threads(struct server *server)
{
    for (size_t i = 0; i < server->total; i++) {
        struct shard_thread *thread = mem_must(sizeof *thread);
        *thread = (struct shard_thread){.server = server, .shard = server->shards[i]};
        thread->number = i < server->shard_count ? (unsigned)i + 1 : 0;
        CHECK(uv_thread_create(&server->threads[i], run_shard, thread) == 0);
        server->running++;
    }
}

static void serve(struct server *server)
{
    start_threads(server);
    if (server->retention != NULL && server->store != NULL)
        retention_start(server->retention, server->store, &server->loop);
    LOG(LOG_INFO, "server.ready", NO_SESSION,
        "spectate " SPECTATE_VERSION " is ready, workers: %zu", server->shard_count);
    uv_run(&server->loop, UV_RUN_DEFAULT);
    for (size_t i = 0; i < server->running; i++)
        uv_thread_join(&server->threads[i]);
    LOG(LOG_INFO, "server.stopped", NO_SESSION, "all sessions are closed");
}

/* Without threads the loops still have to close what was opened in them. */
static void wind_up_unstarted(struct server *server)
{
    for (size_t i = 0; i < server->total; i++) {
        worker_stop(server->shards[i]->worker);
        shard_run(server->shards[i]);
    }
}

/* The files are to be those of the user that the process has become. */
static int open_store(struct server *server)
{
    int err = storage_open(server->options, &server->store);
    if (err < 0 || server->store == NULL)
        return err;
    return storage_use(server->store, server->options, server->shards, server->shard_count);
}

/* What needs privileges comes before they are given up, and threads after. */
static int start(struct server *server, const struct session_handlers *handlers)
{
    server->trust = trust_open(server->options);
    int err = server->trust != NULL ? load_certificates(server) : ERR_SYSTEM;
    if (err == 0)
        err = make_shards(server, handlers);
    if (err == 0)
        err = make_operators_shard(server, handlers);
    if (err == 0)
        err = listen_on_all(server);
    if (err == 0)
        err = listen_for_operators(server);
    if (err == 0)
        err = become_user(server->options->user);
    if (err == 0)
        err = trust_keep_revocations(server->trust);
    if (err == 0)
        err = open_store(server);
    if (err == 0)
        err = trust_start(server->trust, server->shards, server->shard_count);
    if (err == 0)
        CHECK(uv_signal_start(&server->hangup, on_hangup, SIGHUP) == 0);
    if (err == 0)
        share_out_descriptors(server);
    return err;
}

static void make_admissions(struct server *server)
{
    const struct options *options = server->options;
    struct admission_limits limits = {
        .connections = socket_budget_connections(options, server->descriptors),
        .connections_per_address = options->max_connections_per_address,
        .connects_per_second = options->max_connects_per_second,
        .connects_per_second_per_address = options->max_connects_per_second_per_address,
        .messages_per_second_per_address = options->max_messages_per_second_per_address,
    };
    struct admission_limits operators_limits = {.connections = SOCKET_BUDGET_OPERATORS};
    server->admission = admission_new(&limits);
    server->operators = admission_new(&operators_limits);
}

int server_run(const struct options *options, const struct session_handlers *handlers)
{
    size_t descriptors = socket_budget_raise();
    if (descriptors > 0 && descriptors < DESCRIPTORS_TO_START) {
        LOG(LOG_ERROR, "server.few_descriptors", NO_SESSION, "%zu file descriptors are too few",
            descriptors);
        return EXIT_CODE_NOT_STARTED;
    }
    struct server *server = mem_must(sizeof *server);
    server->options = options;
    server->descriptors = descriptors;
    make_admissions(server);
    server->proxies = trusted_proxies_new(options);
    server->interest = interest_new();
    server->retention = retention_new(options);
    watch_signals(server);
    int err = start(server, handlers);
    if (err == 0)
        serve(server);
    else
        wind_up_unstarted(server);
    if (server->trust != NULL)
        trust_stop(server->trust);
    retention_stop(server->retention);
    store_close(&server->store);
    for (size_t i = 0; i < server->total; i++)
        shard_free(&server->shards[i]);
    stop_watching_signals(server);
    retention_free(&server->retention);
    trust_close(&server->trust);
    admission_free(&server->admission);
    admission_free(&server->operators);
    certificates_free(&server->certificates);
    trusted_proxies_free(&server->proxies);
    interest_free(&server->interest);
    mem_free(server);
    return err == 0 ? EXIT_CODE_OK : EXIT_CODE_NOT_STARTED;
}
