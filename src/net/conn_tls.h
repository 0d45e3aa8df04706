/*
 * conn_tls: what of a connection is about TLS; between the owner's bytes and the socket's.
 *
 *   WAITING --its turn--> SHAKING --secured--> SECURED        a client begins SHAKING
 *                            \--------------------\--> FAILED: what comes is thrown away, nothing goes out any more
 *
 * A server's handshake costs a signature, so it waits for its turn (net/turnstile.h) with the ClientHello unread in the socket
 * and no TLS state in memory. What the owner says before the handshake is done waits in plain. Afterwards all that is kept is
 * ciphertext: a record is made only when the one before it has left, or when it must not be dropped.
 */
#ifndef SPECTATE_NET_CONN_TLS_H
#define SPECTATE_NET_CONN_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "net/turnstile.h"

struct conn;

/* All for a connection with conn->tls; its functions of the same name lead here. */
size_t conn_tls_send(struct conn *conn, const struct span *spans, size_t count);
int conn_tls_keep(struct conn *conn, struct span bytes);
void conn_tls_shutdown(struct conn *conn);

/* The socket is connected: a client speaks first. */
void conn_tls_connected(struct conn *conn);

/* The socket has something. False: its turn has not come, leave it there. */
bool conn_tls_may_read(struct conn *conn);

/* What the socket had. */
void conn_tls_take(struct conn *conn, struct span cipher);

/* It waits in line for its turn: there is no use in telling it what the socket has. */
bool conn_tls_is_in_line(const struct conn *conn);

/* Its turn has not come, in line or not: what the socket has can't be taken yet. */
bool conn_tls_is_waiting(const struct conn *conn);

/* Nothing that is the owner's can go out yet: kept bytes may, but there is no room to tell of. */
bool conn_tls_is_shaking(const struct conn *conn);

/* All that was kept is out. */
void conn_tls_drained(struct conn *conn);

/* Bytes of the owner's that wait for the handshake. */
size_t conn_tls_unsaid(const struct conn *conn);

/* At the end; with a goodbye when there is somebody to say it to and nothing before it. */
void conn_tls_close(struct conn *conn, bool says_goodbye);

/* For the worker's turnstile. */
void conn_tls_let_in(struct visitor *visitor);

#endif
