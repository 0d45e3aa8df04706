#include "app/server.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

#include "app/admission.h"
#include "app/certificates.h"
#include "app/shard.h"
#include "base/check.h"
#include "base/err.h"
#include "base/exit_code.h"
#include "base/log.h"
#include "base/mem.h"
#include "metrics/metrics.h"
#include "net/listener.h"

#define MAX_SHARDS 64
#define SIGNALS 2
#define DESCRIPTORS_TO_START 12 /* of the main thread: its loop, its signals, the streams */
#define DESCRIPTOR_RESERVE 512  /* for listeners, loops, and those who are told that it is full */

static const int ending_signals[SIGNALS] = {SIGTERM, SIGINT};

struct server {
    const struct options *options;     /* borrowed */
    struct admission *admission;       /* owned */
    struct certificates *certificates; /* owned; NULL: no TLS */
    struct shard *shards[MAX_SHARDS];
    const struct metrics *metrics[MAX_SHARDS]; /* of these */
    uv_thread_t threads[MAX_SHARDS];
    size_t shard_count;
    size_t running;
    uv_loop_t loop; /* the main thread's, for signals */
    uv_signal_t signals[SIGNALS];
    uv_signal_t hangup; /* SIGHUP: read the certificates anew */
    uv_async_t shard_ended;
    _Atomic size_t ended;
    bool is_ending;
};

int server_write_metrics(const struct server *server, struct buf *out)
{
    return metrics_write_text(server->metrics, server->shard_count, out);
}

/* --- what is needed before anything can be served ------------------------------------------------------------------- */

/* The system's hard limit is what the operator allows; a soft limit below it only surprises. 0: not known or none. */
static size_t raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    if (limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
        (void)getrlimit(RLIMIT_NOFILE, &limit);
    }
    return limit.rlim_cur != RLIM_INFINITY ? (size_t)limit.rlim_cur : 0;
}

/*
 * How many connections may be: what the option says, or as many as there are descriptors but for a reserve, so that who comes
 * over it is told 503 and not just cut off.
 */
static size_t connection_limit(const struct options *options, size_t descriptors)
{
    if (options->max_connections == 0)
        return descriptors > 2 * DESCRIPTOR_RESERVE ? descriptors - DESCRIPTOR_RESERVE : 0;
    if (descriptors > 0 && descriptors < options->max_connections)
        LOG(LOG_WARN, "server.few_descriptors", NO_SESSION,
            "%zu file descriptors are fewer than max-connections %zu", descriptors,
            options->max_connections);
    return options->max_connections;
}

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

static int make_shards(struct server *server, const struct session_handler *handler)
{
    size_t count = worker_count(server->options);
    for (size_t i = 0; i < count; i++) {
        struct shard_options options = {
            .server = server,
            .options = server->options,
            .handler = handler,
            .admission = server->admission,
            .tls = tls_of(server),
            .index = (unsigned)i,
        };
        struct shard *shard = shard_new(&options);
        if (shard == NULL)
            break;
        server->shards[i] = shard;
        server->metrics[i] = shard->metrics;
        server->shard_count++;
    }
    /* Also when some are missing: the ones that were made still have to be wound up. */
    for (size_t i = 0; i < server->shard_count; i++)
        shard_introduce(server->shards[i], server->shards, server->shard_count);
    return server->shard_count == count ? 0 : ERR_SYSTEM;
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
    if (share_port && listener_probe(&address) < 0) {
        LOG(LOG_ERROR, "net.not_listening", NO_SESSION, "%s: %s", text, strerror(errno));
        return ERR_SYSTEM;
    }
    for (size_t i = 0; i < server->shard_count; i++) {
        err = shard_listen(server->shards[i], &address, share_port, &address);
        if (err < 0) {
            LOG(LOG_ERROR, "net.not_listening", NO_SESSION, "%s: %s", text, strerror(errno));
            return err;
        }
    }
    char name[ADDRESS_TEXT_BYTES];
    address_format(&address, name);
    LOG(LOG_INFO, "net.listening", NO_SESSION, "listening on %s", name);
    return 0;
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
};

static void run_shard(void *context)
{
    struct shard_thread thread = *(struct shard_thread *)context;
    mem_free(context);
    shard_run(thread.shard);
    atomic_fetch_add(&thread.server->ended, 1);
    uv_async_send(&thread.server->shard_ended);
}

static void stop_shards(struct server *server)
{
    server->is_ending = true;
    for (size_t i = 0; i < server->shard_count; i++)
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
    if (server->is_ending || certificates_reload(server->certificates) < 0)
        return;
    for (size_t i = 0; i < server->shard_count; i++)
        shard_set_tls(server->shards[i], tls_of(server));
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

/* 0 or ERR_INVALID. Without TLS there is nothing to read anew, and SIGHUP does what it does. */
static int load_certificates(struct server *server)
{
    if (server->options->tls_cert == NULL)
        return 0;
    server->certificates = certificates_new(server->options);
    if (server->certificates == NULL)
        return ERR_INVALID;
    CHECK(uv_signal_start(&server->hangup, on_hangup, SIGHUP) == 0);
    return 0;
}

static void start_threads(struct server *server)
{
    for (size_t i = 0; i < server->shard_count; i++) {
        struct shard_thread *thread = mem_must(sizeof *thread);
        *thread = (struct shard_thread){.server = server, .shard = server->shards[i]};
        CHECK(uv_thread_create(&server->threads[i], run_shard, thread) == 0);
        server->running++;
    }
}

static void serve(struct server *server)
{
    start_threads(server);
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
    for (size_t i = 0; i < server->shard_count; i++) {
        worker_stop(server->shards[i]->worker);
        shard_run(server->shards[i]);
    }
}

int server_run(const struct options *options, const struct session_handler *handler)
{
    size_t descriptors = raise_descriptor_limit();
    if (descriptors > 0 && descriptors < DESCRIPTORS_TO_START) {
        LOG(LOG_ERROR, "server.few_descriptors", NO_SESSION, "%zu file descriptors are too few",
            descriptors);
        return EXIT_CODE_NOT_STARTED;
    }
    struct admission_limits limits = {
        .connections = connection_limit(options, descriptors),
        .connections_per_address = options->max_connections_per_address,
        .connects_per_second = options->max_connects_per_second,
    };
    struct server *server = mem_must(sizeof *server);
    server->options = options;
    server->admission = admission_new(&limits);
    watch_signals(server);
    int err = load_certificates(server);
    if (err == 0)
        err = make_shards(server, handler);
    if (err == 0)
        err = listen_on_all(server);
    if (err == 0)
        serve(server);
    else
        wind_up_unstarted(server);
    for (size_t i = 0; i < server->shard_count; i++)
        shard_free(&server->shards[i]);
    stop_watching_signals(server);
    admission_free(&server->admission);
    certificates_free(&server->certificates);
    mem_free(server);
    return err == 0 ? EXIT_CODE_OK : EXIT_CODE_NOT_STARTED;
}
