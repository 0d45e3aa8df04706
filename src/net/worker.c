#include "net/worker.h"

#include "base/check.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/conn.h"
#include "net/conn_tls.h"
#include "net/listener.h"
#include "net/mailbox.h"
#include "net/poller.h"
#include "net/tls_io.h"
#include "net/turnstile.h"

#define WORKER_MAGIC 0x776f726bU
#define DEFAULT_READ_BYTES 65536
#define MAX_MAILS 4096
#define MAILS_PER_TURN 1024
#define HANDSHAKES_PER_TURN 8 /* each is a signature, worth many sends */

struct worker {
    uint32_t magic;
    struct worker_options options;
    uv_loop_t loop;
    uv_prepare_t before_sleep;
    uv_check_t after_io;
    uv_idle_t awake; /* active while there is work left: the loop does not sleep */
    uv_timer_t tick;
    uv_timer_t alarm; /* for worker_wake_at() */
    uint64_t alarm_ms;
    uv_timer_t handshake; /* when the next may begin */
    uv_async_t wake_up;
    struct mailbox *mailbox;
    struct turnstile turnstile; /* of TLS handshakes */
    struct tls_io *tls_io;      /* owned; NULL until there is TLS */
    struct poller *poller;      /* owned; of the connections */
    struct listener *listeners;
    uint8_t *read_buffer; /* owned */
    bool is_stopping;
};

static struct worker *worker_of(const void *data)
{
    struct worker *worker = (struct worker *)(uintptr_t)data;
    CHECK_MAGIC(worker, WORKER_MAGIC);
    return worker;
}

static void on_awake(uv_idle_t *idle)
{
    (void)idle;
}

/* The turn itself is what was asked for. */
static void on_handshake_due(uv_timer_t *timer)
{
    (void)timer;
}

/* Lets TLS handshakes in that wait for their turn. True: others wait for the next one. */
static bool turn_handshakes(struct worker *worker)
{
    uint64_t now_ms = worker_now_ms(worker);
    uint64_t next_ms = turnstile_turn(&worker->turnstile, now_ms);
    if (next_ms > now_ms && next_ms != UINT64_MAX)
        uv_timer_start(&worker->handshake, on_handshake_due, next_ms - now_ms, 0);
    return next_ms <= now_ms;
}

/* Connections that were closed are gone before on_turn; those that it closes itself are worth another turn. */
static void end_turn(struct worker *worker)
{
    poller_end_turn(worker->poller);
    bool has_more = turn_handshakes(worker);
    has_more |= worker->options.events.on_turn(worker->options.context, worker_now_ms(worker));
    has_more |= poller_end_turn(worker->poller);
    if (has_more)
        uv_idle_start(&worker->awake, on_awake);
    else
        uv_idle_stop(&worker->awake);
}

static void on_before_sleep(uv_prepare_t *prepare)
{
    end_turn(worker_of(prepare->data));
}

static void on_after_io(uv_check_t *check)
{
    end_turn(worker_of(check->data));
}

static void on_tick(uv_timer_t *timer)
{
    struct worker *worker = worker_of(timer->data);
    worker->options.events.on_tick(worker->options.context, worker_now_ms(worker));
}

/* The turn itself is what was asked for. */
static void on_alarm(uv_timer_t *timer)
{
    worker_of(timer->data)->alarm_ms = 0;
}

/* True when the budget ran out first. */
static bool deliver(struct worker *worker, size_t budget)
{
    for (size_t i = 0; i < budget; i++) {
        void *mail = mailbox_take(worker->mailbox);
        if (mail == NULL)
            return false;
        worker->options.events.on_mail(worker->options.context, mail);
    }
    return true;
}

static void on_wake_up(uv_async_t *async)
{
    if (deliver(worker_of(async->data), MAILS_PER_TURN))
        uv_async_send(async);
}

static int init_handles(struct worker *worker)
{
    uv_loop_t *loop = &worker->loop;
    if (uv_loop_init(loop) != 0)
        return ERR_SYSTEM;
    if (uv_async_init(loop, &worker->wake_up, on_wake_up) != 0)
        goto no_wake_up;
    worker->poller = poller_new(loop, &conn_poller_events);
    if (worker->poller == NULL)
        goto no_poller;
    uv_prepare_init(loop, &worker->before_sleep);
    uv_check_init(loop, &worker->after_io);
    uv_idle_init(loop, &worker->awake);
    uv_timer_init(loop, &worker->tick);
    uv_timer_init(loop, &worker->alarm);
    uv_timer_init(loop, &worker->handshake);
    worker->wake_up.data = worker->before_sleep.data = worker->after_io.data = worker;
    worker->awake.data = worker->tick.data = worker->alarm.data = worker;
    return 0;
no_poller:
    uv_close((uv_handle_t *)&worker->wake_up, NULL);
    uv_run(loop, UV_RUN_DEFAULT);
no_wake_up:
    uv_loop_close(loop);
    return ERR_SYSTEM;
}

static void start_handles(struct worker *worker)
{
    uint64_t tick_ms = worker->options.tick_ms;
    uv_prepare_start(&worker->before_sleep, on_before_sleep);
    uv_check_start(&worker->after_io, on_after_io);
    /* These must not keep a stopping loop alive; connections do. */
    uv_unref((uv_handle_t *)&worker->awake);
    uv_unref((uv_handle_t *)&worker->alarm);
    uv_unref((uv_handle_t *)&worker->handshake);
    uv_unref((uv_handle_t *)&worker->before_sleep);
    uv_unref((uv_handle_t *)&worker->after_io);
    if (worker->options.events.on_tick != NULL)
        uv_timer_start(&worker->tick, on_tick, tick_ms, tick_ms);
}

struct worker *worker_new(const struct worker_options *options)
{
    struct worker *worker = mem_must(sizeof *worker);
    worker->magic = WORKER_MAGIC;
    worker->options = *options;
    if (worker->options.read_bytes == 0)
        worker->options.read_bytes = DEFAULT_READ_BYTES;
    if (init_handles(worker) < 0) {
        LOG(LOG_ERROR, "worker.refused", NO_SESSION, "the system gave no event loop");
        mem_free(worker);
        return NULL;
    }
    worker->read_buffer = mem_must(worker->options.read_bytes);
    worker->turnstile = (struct turnstile){
        .per_second = options->handshakes_per_second,
        .per_turn = HANDSHAKES_PER_TURN,
        .let_in = conn_tls_let_in,
    };
    worker->mailbox = mailbox_new(MAX_MAILS);
    start_handles(worker);
    return worker;
}

/* The loop ends when the connections are gone; then the handles that served them are closed in a last run. */
void worker_run(struct worker *worker)
{
    uv_run(&worker->loop, UV_RUN_DEFAULT);
    if (!worker->is_stopping)
        worker_stop(worker);
    uv_close((uv_handle_t *)&worker->before_sleep, NULL);
    uv_close((uv_handle_t *)&worker->after_io, NULL);
    uv_close((uv_handle_t *)&worker->awake, NULL);
    uv_close((uv_handle_t *)&worker->alarm, NULL);
    uv_close((uv_handle_t *)&worker->handshake, NULL);
    poller_stop(worker->poller);
    uv_run(&worker->loop, UV_RUN_DEFAULT);
    deliver(worker, SIZE_MAX);
}

void worker_close_listeners(struct worker *worker)
{
    while (worker->listeners != NULL)
        listener_close(worker->listeners);
}

void worker_stop(struct worker *worker)
{
    if (worker->is_stopping)
        return;
    worker->is_stopping = true;
    worker_close_listeners(worker);
    mailbox_close(worker->mailbox);
    uv_close((uv_handle_t *)&worker->tick, NULL);
    uv_close((uv_handle_t *)&worker->wake_up, NULL);
}

void worker_free(struct worker **worker)
{
    struct worker *it = *worker;
    if (it == NULL)
        return;
    CHECK(uv_loop_close(&it->loop) == 0);
    poller_free(&it->poller);
    mailbox_free(&it->mailbox);
    tls_io_free(&it->tls_io);
    mem_free(it->read_buffer);
    it->magic = 0;
    mem_free(it);
    *worker = NULL;
}

int worker_post(struct worker *worker, void *mail)
{
    int result = mailbox_post(worker->mailbox, mail);
    if (result == 1)
        uv_async_send(&worker->wake_up);
    return result < 0 ? result : 0;
}

void worker_wake_at(struct worker *worker, uint64_t at_ms)
{
    uint64_t now_ms = worker_now_ms(worker);
    if (at_ms == worker->alarm_ms)
        return;
    worker->alarm_ms = at_ms;
    uv_timer_start(&worker->alarm, on_alarm, at_ms > now_ms ? at_ms - now_ms : 0, 0);
}

uint64_t worker_now_ms(const struct worker *worker)
{
    return uv_now(&worker->loop);
}

size_t worker_handshakes_waiting(const struct worker *worker)
{
    return worker->turnstile.waiting;
}

struct turnstile *worker_turnstile(struct worker *worker)
{
    return &worker->turnstile;
}

struct tls_io *worker_tls_io(struct worker *worker)
{
    if (worker->tls_io == NULL)
        worker->tls_io = tls_io_new();
    return worker->tls_io;
}

struct poller *worker_poller(struct worker *worker)
{
    return worker->poller;
}

uv_loop_t *worker_loop(struct worker *worker)
{
    return &worker->loop;
}

uint8_t *worker_read_buffer(struct worker *worker, size_t *bytes)
{
    *bytes = worker->options.read_bytes;
    return worker->read_buffer;
}

struct listener **worker_listeners(struct worker *worker)
{
    return &worker->listeners;
}
