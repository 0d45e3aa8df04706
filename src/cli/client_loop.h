/*
 * client_loop: what the client commands have in common around their WebSocket clients: a worker, a timer that the
 * command winds up, signals, and an end once every connection is released.
 *
 * Happy path: client_loop_init() -> connect some clients, client_loop_held() for each -> client_loop_run() ...
 * client_loop_finish() from an event -> the last client_loop_released() -> client_loop_run() returns ->
 * client_loop_fini().
 */
#ifndef SPECTATE_CLI_CLIENT_LOOP_H
#define SPECTATE_CLI_CLIENT_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "net/worker.h"

struct client_loop_events {
    void (*on_pulse)(void *context);                 /* the timer went off; may be NULL */
    void (*on_tick)(void *context, uint64_t now_ms); /* ten times a second */
    void (*on_interrupt)(void *context);             /* SIGINT or SIGTERM */
};

/* Embedded; private but for `worker`. */
struct client_loop {
    struct worker *worker;
    const struct client_loop_events *events;
    void *context;
    uv_timer_t pulse;
    uv_signal_t interrupt;
    uv_signal_t terminate;
    uint32_t held;
    bool is_finishing;
    bool is_stopped;
};

/* 0 or ERR_SYSTEM. `events` and `context` are borrowed until client_loop_fini(). */
int client_loop_init(struct client_loop *loop, const struct client_loop_events *events,
                     void *context);

/* Return when client_loop_finish() was called and everything held is released. */
void client_loop_run(struct client_loop *loop);

/* After client_loop_run(), or when init failed. */
void client_loop_fini(struct client_loop *loop);

/* Have on_pulse called once, in so many milliseconds; the last call counts. Not when finishing. */
void client_loop_pulse_in(struct client_loop *loop, uint64_t in_ms);

/* A connection was begun; it is released. */
void client_loop_held(struct client_loop *loop);
void client_loop_released(struct client_loop *loop);

/* End as soon as nothing is held; no pulse any more. More than once is fine. */
void client_loop_finish(struct client_loop *loop);

#endif
