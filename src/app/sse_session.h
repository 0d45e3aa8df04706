/*
 * sse_session: a session that watches by server-sent events: GET /v1/stream (docs/protocol.md, "Server-sent events").
 *
 * It is what a session of the dialect v1 is that has sent one follow message, but that what it is told are events, and that nothing it
 * says is heard any more: what its client is may be told by its socket alone. A comment goes out now and then, so that proxies keep
 * the connection, and the kernel finds out when nobody is there.
 */
#ifndef SPECTATE_APP_SSE_SESSION_H
#define SPECTATE_APP_SSE_SESSION_H

#include "app/session.h"

#define SSE_PATH "/v1/stream"

/* It begins by following what the shard's v1_message says. */
extern const struct session_handler sse_session_handler;

/* The request that the session's reader holds is for a stream; and this port has them. */
bool sse_is_wanted(const struct session *session);

/* What it asks for, into the shard's v1_message. 200, or the status to refuse with, and `fault` says why. */
int sse_read_request(struct session *session, struct fault *fault);

/* Append the head of the answer, to be called while there is the request. 0 or ERR_NO_MEMORY. */
int sse_write_head(const struct session *session, struct buf *out);

#endif
