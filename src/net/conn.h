/*
 * conn: one TCP connection. The only code that reads, writes or closes its descriptor.
 *
 * It tells its owner what arrives and when there is room; it never queues for the owner beyond what the owner asks it to
 * keep, so that "full" is known at once (readiness, not completion: docs/decisions/). An idle connection has no buffer.
 *
 * Happy path: conn_open() or conn_connect() -> on_open (connect only) -> on_bytes ... -> on_end -> conn_close() -> on_closed.
 * With conn_secure() or conn_connect_secure() it speaks TLS: all bytes below are then plain ones, and on_open says that the
 * handshake is done. What is said before is kept till then.
 * conn_close() may come at any time, also inside an event; on_closed always follows, later, and is the last event.
 */
#ifndef SPECTATE_NET_CONN_H
#define SPECTATE_NET_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "base/tls_failure.h"
#include "net/address.h"
#include "net/poller.h"
#include "net/worker.h"

struct conn;
struct conn_tls;
struct outbox;
struct tls_context;

/* That conn_send() takes at a time. */
#define CONN_SPANS_MAX 16

enum conn_end {
    CONN_END_FIN,     /* the peer ended its direction in order */
    CONN_END_RESET,   /* reset, unreachable, timed out in the kernel */
    CONN_END_REFUSED, /* conn_connect() did not come about */
};

struct conn_events {
    /* conn_connect() has come about; with TLS, when the handshake is done, for accepted connections too. */
    void (*on_open)(struct conn *conn);
    /* The bytes lie in the worker's read buffer, may be changed, and are gone after return. */
    void (*on_bytes)(struct conn *conn, uint8_t *bytes, size_t len);
    /* After a conn_send() that was not taken whole, or kept bytes: all kept bytes are out and there is room. */
    void (*on_writable)(struct conn *conn);
    /* No byte will come any more. At most once; the owner closes, now or later. */
    void (*on_end)(struct conn *conn, enum conn_end end);
    /*
     * TLS did not come about or broke: no byte will come any more, and what is said is lost. What TLS had to say last is on its
     * way out; the owner closes now, or waits for on_end. `reason` is for a person, borrowed. NULL without TLS.
     */
    void (*on_failed)(struct conn *conn, enum tls_failure failure, const char *reason);
    /* The descriptor is closed: the memory around `conn` may be freed. */
    void (*on_closed)(struct conn *conn);
};

/* Embedded in its owner's struct. Private but for its size. */
struct conn {
    struct polled polled; /* first: it leads back here */
    const struct conn_events *events;
    struct worker *worker;
    struct outbox *kept;  /* owned; bytes that go out first, as they go out */
    struct conn_tls *tls; /* owned; NULL: plain */
    uint32_t magic;
    bool connecting : 1;
    bool wants_room : 1; /* on_writable is owed */
    bool ended : 1;
    bool closing : 1;
    bool paused : 1; /* nothing is read */
};

/* Take over a connected, non-blocking descriptor. 0; ERR_SYSTEM, ERR_NO_MEMORY: the descriptor is still the caller's. */
int conn_open(struct conn *conn, struct worker *worker, int fd, const struct conn_events *events);

/* Of a descriptor that becomes no connection: when it is closed, the peer gets RST, and the kernel keeps nothing of it. */
void conn_close_by_reset(int fd);

/* Begin to connect. 0; ERR_SYSTEM (out of descriptors), ERR_NO_MEMORY: no event follows. */
int conn_connect(struct conn *conn, struct worker *worker, const struct address *address,
                 const struct conn_events *events);

/*
 * From here on speak TLS, as the server; `begun` is what was read of the peer's part already. The handshake waits for its turn
 * (worker_options). Holds the context. Before anything was sent. 0 or ERR_NO_MEMORY: it is as it was.
 */
int conn_secure(struct conn *conn, struct tls_context *context, struct span begun);

/* Begin to connect and speak TLS as the client; the server's certificate must be good for `host`. As conn_connect(). */
struct conn_secure_target {
    const struct address *address;
    struct tls_context *context;
    const char *host;
};
int conn_connect_secure(struct conn *conn, struct worker *worker,
                        const struct conn_secure_target *target, const struct conn_events *events);

/*
 * In and after on_open, with TLS: was the handshake a short one, whom the peer's certificate names, until when, and is it good by
 * other authorities (net/tls.h).
 */
bool conn_was_resumed(const struct conn *conn);
char *conn_peer_name(const struct conn *conn);
int64_t conn_peer_expires_s(const struct conn *conn);
bool conn_peer_is_trusted_by(const struct conn *conn, const struct tls_context *context);

/*
 * Write the spans as one; returns how many bytes the socket took. Fewer than offered: full, and on_writable follows. 0 while
 * kept bytes wait, when closing, and on a broken connection (on_end follows). With TLS a record of up to 16 KiB of them
 * counts as taken when the socket has taken some of it: its rest is kept.
 */
size_t conn_send(struct conn *conn, const struct span *spans, size_t count);

/* Write what the socket takes and keep a copy of the rest, in order. 0 or ERR_NO_MEMORY (nothing of the rest is kept). */
int conn_write(struct conn *conn, struct span bytes);

/* Keep a copy of bytes that go out before anything else but what is kept already. 0 or ERR_NO_MEMORY. */
int conn_keep(struct conn *conn, struct span bytes);

/*
 * Read nothing until conn_resume(); of what was read already there may still come some. That the peer has ended, or the
 * connection broke, is told after conn_resume() only: until then the owner's deadlines are what ends it.
 */
void conn_pause(struct conn *conn);
void conn_resume(struct conn *conn);

/* Bytes kept. */
size_t conn_queued(const struct conn *conn);

/* End our direction (FIN, after close_notify). Only with nothing kept. */
void conn_shutdown(struct conn *conn);

/* From any state, more than once. Kept bytes are dropped. With `reset`, the peer gets RST in place of FIN. */
void conn_close(struct conn *conn);
void conn_reset(struct conn *conn);

/* Who is at the other end. 0 or ERR_SYSTEM: it is gone. */
int conn_peer(const struct conn *conn, struct address *out);

bool conn_is_closing(const struct conn *conn);

/* The socket was full when last written to, and has not said otherwise. */
bool conn_is_full(const struct conn *conn);

/* For the worker: what its poller tells connections. */
extern const struct poller_events conn_poller_events;

#endif
