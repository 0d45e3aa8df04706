#include "cli/client_loop.h"

#include <signal.h>
#include <stddef.h>

#include "base/check.h"
#include "base/err.h"

#define TICK_MS 100

static bool on_turn(void *context, uint64_t now_ms)
{
    (void)context, (void)now_ms;
    return false;
}

static void on_tick(void *context, uint64_t now_ms)
{
    struct client_loop *loop = context;
    loop->events->on_tick(loop->context, now_ms);
}

static void on_pulse(uv_timer_t *pulse)
{
    struct client_loop *loop = pulse->data;
    loop->events->on_pulse(loop->context);
}

static void on_signal(uv_signal_t *signal, int number)
{
    (void)number;
    struct client_loop *loop = signal->data;
    loop->events->on_interrupt(loop->context);
}

int client_loop_init(struct client_loop *loop, const struct client_loop_events *events,
                     void *context)
{
    *loop = (struct client_loop){.events = events, .context = context};
    struct worker_options options = {
        .events = {.on_turn = on_turn, .on_tick = on_tick},
        .context = loop,
        .tick_ms = TICK_MS,
    };
    loop->worker = worker_new(&options);
    if (loop->worker == NULL)
        return ERR_SYSTEM;
    uv_loop_t *uv = worker_loop(loop->worker);
    uv_timer_init(uv, &loop->pulse);
    uv_signal_init(uv, &loop->interrupt);
    uv_signal_init(uv, &loop->terminate);
    loop->pulse.data = loop->interrupt.data = loop->terminate.data = loop;
    uv_signal_start(&loop->interrupt, on_signal, SIGINT);
    uv_signal_start(&loop->terminate, on_signal, SIGTERM);
    return 0;
}

void client_loop_run(struct client_loop *loop)
{
    worker_run(loop->worker);
}

void client_loop_fini(struct client_loop *loop)
{
    if (loop->worker != NULL)
        worker_free(&loop->worker);
}

void client_loop_pulse_in(struct client_loop *loop, uint64_t in_ms)
{
    if (loop->is_finishing)
        return;
    uv_update_time(worker_loop(loop->worker)); /* the turn may have been long */
    uv_timer_start(&loop->pulse, on_pulse, in_ms, 0);
}

static void stop_when_done(struct client_loop *loop)
{
    if (!loop->is_finishing || loop->held > 0 || loop->is_stopped)
        return;
    loop->is_stopped = true;
    uv_close((uv_handle_t *)&loop->pulse, NULL);
    uv_close((uv_handle_t *)&loop->interrupt, NULL);
    uv_close((uv_handle_t *)&loop->terminate, NULL);
    worker_stop(loop->worker);
}

void client_loop_held(struct client_loop *loop)
{
    loop->held++;
}

void client_loop_released(struct client_loop *loop)
{
    CHECK(loop->held > 0);
    loop->held--;
    stop_when_done(loop);
}

void client_loop_finish(struct client_loop *loop)
{
    if (!loop->is_finishing)
        uv_timer_stop(&loop->pulse);
    loop->is_finishing = true;
    stop_when_done(loop);
}
