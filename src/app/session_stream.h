/*
 * session_stream: between the hub and a session's connection, in any dialect of WebSockets.
 */
#ifndef SPECTATE_APP_SESSION_STREAM_H
#define SPECTATE_APP_SESSION_STREAM_H

#include "app/session.h"

/* How the hub reaches sessions. */
extern const struct hub_sink stream_sink;

/* Of a hub's dialect: a ping with the number as its payload. */
size_t stream_write_probe(uint32_t number, uint8_t *out);

/* Of a session's handler. A pong with another payload is the answer to a heartbeat, or to nothing. */
bool stream_on_pong(struct session *session, struct span payload);
void stream_on_writable(struct session *session);
void stream_on_end(struct session *session);

#endif
