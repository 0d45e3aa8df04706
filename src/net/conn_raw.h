/*
 * conn_raw: what conn.c and conn_tls.c have of each other: a connection as its socket sees it. Nobody else includes this.
 */
#ifndef SPECTATE_NET_CONN_RAW_H
#define SPECTATE_NET_CONN_RAW_H

#include "net/conn.h"

/* Ask the poller for what the connection's state makes worth knowing. */
void conn_watch(struct conn *conn);

/* on_writable is owed. */
void conn_want_room(struct conn *conn);

/* What the socket takes of it now; of the rest on_writable is owed. */
size_t conn_raw_send(struct conn *conn, const struct span *spans, size_t count);

/* Keep a copy, behind what is kept; on_writable is owed then. 0 or ERR_NO_MEMORY. */
int conn_raw_keep(struct conn *conn, struct span bytes);

/* Read what there is, also when nothing is told of it: it was told before and left. */
void conn_read_now(struct conn *conn);

/* If room is owed and there is some, tell of it. */
void conn_tell_room(struct conn *conn);

/* No more comes; tell the owner. */
void conn_end(struct conn *conn, enum conn_end how);

#endif
