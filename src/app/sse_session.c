#include "app/sse_session.h"

#include <string.h>

#include "app/cors.h"
#include "app/session_act.h"
#include "app/session_phase.h"
#include "app/session_stream.h"
#include "app/shard.h"
#include "app/v1_dialect.h"
#include "app/v1_follow.h"
#include "app/v1_session.h"
#include "base/err.h"
#include "codec/query.h"
#include "proto/sse.h"
#include "proto/v1_query.h"

/* How long a browser waits before it comes back: some time between these, so that not all come at once. */
#define RETRY_MIN_MS 1000
#define RETRY_SPAN_MS 2000

/* --- the request ---------------------------------------------------------------------------------------------------- */

bool sse_is_wanted(const struct session *session)
{
    const struct http_reader *request = session->http;
    return session->shard->handlers->of[DIALECT_SSE] != NULL &&
           span_equals(http_path(request), span_of_text(SSE_PATH)) &&
           strcmp(http_method(request), "GET") == 0;
}

int sse_read_request(struct session *session, struct fault *fault)
{
    struct shard *shard = session->shard;
    struct v1_limits limits = {.max_names = shard->options->max_follows};
    int err = v1_decode_query(query_of_target(http_target(session->http)),
                              http_header(session->http, "Last-Event-ID"), &limits,
                              &shard->v1_message, fault);
    if (err < 0)
        return fault->code == FAULT_out_of_memory ? 503 : 400;
    return 200;
}

/* It ends when the connection does: what no proxy has to unpack, it does not gather. */
int sse_write_head(const struct session *session, struct buf *out)
{
    const struct shard *shard = session->shard;
    char cors[CORS_BYTES];
    cors_write_headers(session->http, &shard->origins, cors);
    return buf_printf(out,
                      "HTTP/1.1 200 OK\r\n"
                      "Server: spectate\r\n"
                      "Connection: close\r\n"
                      "Content-Type: text/event-stream\r\n"
                      "Cache-Control: no-store, no-transform\r\n"
                      "X-Accel-Buffering: no\r\n"
                      "X-Content-Type-Options: nosniff\r\n"
                      "Referrer-Policy: no-referrer\r\n"
                      "%s\r\n",
                      cors);
}

/* --- what it is told ------------------------------------------------------------------------------------------------ */

static void say(struct session *session, int err, struct buf *text)
{
    if (err < 0)
        session->is_doomed = true;
    else
        session_write(session, buf_span(text));
    buf_fini(text);
}

static void tell_retry(struct session *session, uint64_t retry_ms)
{
    struct buf text = {0};
    say(session, sse_encode_retry(retry_ms, &text), &text);
}

static void on_open(struct session *session)
{
    session->follower.dialect = &sse_dialect;
    if (!v1_session_begin(session))
        return;
    tell_retry(session, RETRY_MIN_MS + v1_session_share(session, RETRY_SPAN_MS));
    if (session->state == SESSION_OPEN)
        v1_follow(session, &session->shard->v1_message);
}

/* Nothing is said by a client of these. */
static void on_message(struct session *session, enum ws_opcode opcode, struct span message)
{
    (void)session;
    (void)opcode;
    (void)message;
}

static void on_quiet(struct session *session)
{
    session_write(session, span_of_text(SSE_COMMENT));
}

static void tell_shutdown(struct session *session)
{
    tell_retry(session, v1_session_reconnect_ms(session));
    v1_session_tell_shutdown(session);
}

const struct session_handler sse_session_handler = {
    .on_open = on_open,
    .on_message = on_message,
    .on_writable = stream_on_writable,
    .on_end = v1_session_end,
    .tell = v1_session_tell,
    .tell_expiry = v1_session_tell_expiry,
    .on_quiet = on_quiet,
    .tell_reset = v1_session_tell_reset,
    .tell_shutdown = tell_shutdown,
};
