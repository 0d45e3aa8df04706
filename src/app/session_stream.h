/*
 * session_stream: between the hub and a session's connection, in any dialect of WebSockets.
 */
#ifndef SPECTATE_APP_SESSION_STREAM_H
#define SPECTATE_APP_SESSION_STREAM_H

#include "app/session.h"

/* How the hub reaches sessions. */
extern const struct hub_sink stream_sink;

/* Write a whole frame that goes out before what the hub has for it, however much that is: who calls bounds it. */
void stream_write_before(struct session *session, struct span frame);

/* Of a session's handler. A pong that answers no probe is that to a heartbeat, or to nothing. */
bool stream_on_pong(struct session *session, struct span payload);
void stream_on_writable(struct session *session);
void stream_on_end(struct session *session);

#endif
