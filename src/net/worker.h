/*
 * worker: one event loop with what belongs to it: listeners, connections, a tick, a mailbox.
 *
 * Everything it owns is touched by its own thread only; worker_post() alone may be called from others. A turn of the loop
 * reads what arrived, and ends with `on_turn`, where what came of it is sent.
 */
#ifndef SPECTATE_NET_WORKER_H
#define SPECTATE_NET_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct worker;
struct listener;
struct poller;
struct tls_io;
struct turnstile;

struct worker_events {
    /* The end of a turn, also before the loop goes to sleep. True: there is work left, turn again without sleeping. */
    bool (*on_turn)(void *context, uint64_t now_ms);
    /* Every tick_ms. May be NULL. */
    void (*on_tick)(void *context, uint64_t now_ms);
    /* One posted message, in order of posting. May be NULL when nobody posts. */
    void (*on_mail)(void *context, void *mail);
};

struct worker_options {
    struct worker_events events;
    void *context; /* borrowed, passed to the events */
    uint64_t tick_ms;
    size_t read_bytes;            /* of the buffer all connections read into; 0: 64 KiB */
    size_t handshakes_per_second; /* of TLS, as the server; 0: no limit */
};

/* Owned by the caller. NULL: the system refused (descriptors), logged. */
struct worker *worker_new(const struct worker_options *options);

/* Run in this thread until worker_stop() and the last handle is closed. */
void worker_run(struct worker *worker);

/* Close the listeners, the tick and the mailbox; worker_run() returns when the connections are gone too. Own thread only. */
void worker_stop(struct worker *worker);

/* Accept no more; connections go on. Own thread only. */
void worker_close_listeners(struct worker *worker);

/* Only when worker_run() is not running (any more). Nulls the caller's pointer. */
void worker_free(struct worker **worker);

/*
 * From any thread: hand over `mail`; on_mail gets it in the worker's thread, with one wake-up per loop turn however many are
 * posted. ERR_CLOSED: the worker has stopped, the mail is still the caller's. ERR_FULL: the mailbox holds its limit.
 */
int worker_post(struct worker *worker, void *mail);

/* See that there is a turn at this time, by worker_now_ms(), or soon after; a later call takes the place of an earlier. Own thread. */
void worker_wake_at(struct worker *worker, uint64_t at_ms);

/* Monotonic time of this turn. */
uint64_t worker_now_ms(const struct worker *worker);

/* For listener: those that worker_stop() closes. */
struct listener **worker_listeners(struct worker *worker);

/* TLS handshakes that wait for their turn. */
size_t worker_handshakes_waiting(const struct worker *worker);

/* For conn. */
struct poller *worker_poller(struct worker *worker);
struct tls_io *worker_tls_io(struct worker *worker);
struct turnstile *worker_turnstile(struct worker *worker);

/* For listener and a command's own timers. */
uv_loop_t *worker_loop(struct worker *worker);
uint8_t *worker_read_buffer(struct worker *worker, size_t *bytes);

#endif
