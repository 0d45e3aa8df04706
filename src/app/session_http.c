#include "app/session_phase.h"

#include <stdio.h>
#include <string.h>

#include "app/admission.h"
#include "app/cors.h"
#include "app/routes.h"
#include "app/session_access.h"
#include "app/shard.h"
#include "app/sse_session.h"
#include "app/trusted_proxies.h"
#include "app/v1_http.h"
#include "app/v1_http_visit.h"
#include "base/log.h"
#include "codec/credentials.h"
#include "codec/redact.h"
#include "codec/ws_extension.h"
#include "codec/ws_handshake.h"
#include "proto/v1.h"

/* Bodies of all of a worker's sessions together; two of them may be there at any time, and short ones are always taken. */
#define UPLOADS_BYTES ((size_t)64 << 20)
#define SHORT_UPLOAD_BYTES ((size_t)16 << 10)

static void count_request(struct shard *shard, int status)
{
    metrics_add_labelled(shard->metrics, METRIC_http_requests_total, metrics_http_label(status), 1);
}

void session_http_answers(struct session *session, int status)
{
    session->has_answered = true;
    count_request(session->shard, status);
}

static void write_answer(struct session *session, const struct http_answer *answer)
{
    struct buf out = {0};
    session_http_answers(session, answer->status);
    if (http_write_answer(&out, answer) == 0)
        session_write(session, buf_span(&out));
    buf_fini(&out);
}

const char *session_headers_for(int status)
{
    switch (status) {
    case 401:
        return "WWW-Authenticate: Bearer error=\"invalid_token\"\r\n";
    case 405:
        return "Allow: GET, HEAD\r\n";
    case 426:
        return "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
    case 429:
        return "Retry-After: 1\r\n";
    case 503:
        return "Retry-After: 5\r\n";
    default:
        return NULL;
    }
}

void session_refuse_http(struct session *session, int status, const struct fault *fault)
{
    char text[FAULT_MESSAGE_BYTES + 64];
    int len = snprintf(text, sizeof text, "%s: %s\n", fault_name(fault->code), fault->message);
    struct http_answer answer = {
        .status = status,
        .content_type = "text/plain; charset=utf-8",
        .body = span_of(text, (size_t)len),
        .extra_headers = session_headers_for(status),
    };
    write_answer(session, &answer);
    session_part(session, session->was_refused ? CLOSE_refused : CLOSE_http_done,
                 SESSION_PART_LINGERING);
}

void session_http_timeout(struct session *session)
{
    if (!http_reader_has_begun(session->http)) {
        session_part(session, session->has_answered ? CLOSE_http_done : CLOSE_handshake_timeout,
                     SESSION_PART_AT_ONCE);
        return;
    }
    if (session->visit != NULL) {
        v1_http_timeout(session);
        return;
    }
    struct http_answer answer = {.status = 408};
    write_answer(session, &answer);
    session_part(session, CLOSE_handshake_timeout, SESSION_PART_LINGERING);
}

/* The extensions to answer with, NULL for none. ERR_FORMAT: the header is malformed. */
static int negotiate(struct session *session, struct ws_extension *extension, const char **answer)
{
    *answer = NULL;
    if (session->shard->deflate == NULL)
        return 0;
    int agreed = ws_extension_negotiate(session->http, extension);
    if (agreed == 1) {
        session->window_bits = extension->window_bits;
        *answer = extension->answer;
    }
    return agreed < 0 ? agreed : 0;
}

static void refuse_and_count(struct session *session, int status, const struct fault *fault)
{
    session_count_fault(session, fault->code);
    session_refuse_http(session, status, fault);
}

void session_next_request(struct session *session)
{
    session->shard->upload_bytes -= http_body_bytes(session->http);
    http_reader_next(session->http);
}

void session_free_reader(struct session *session)
{
    if (session->http != NULL)
        session->shard->upload_bytes -= http_body_bytes(session->http);
    http_reader_free(&session->http);
}

/* From here on it is no HTTP any more. It may not have read its answers, and was closed. */
static void open_session(struct session *session)
{
    struct shard *shard = session->shard;
    if (session->state != SESSION_HTTP)
        return;
    session_free_reader(session);
    session->cut = NULL;
    session->state = SESSION_OPEN;
    session_set_deadline(session, 0);
    shard->open_count++;
    metrics_add(shard->metrics, METRIC_sessions_opened_total, 1);
    if (conn_is_full(&session->conn))
        hub_blocked(&session->follower);
    session_begin_access(session);
    session_handler_of(session)->on_open(session);
}

/* The subprotocol to answer with; NULL: none was asked for that we speak. */
static const char *choose_dialect(struct session *session, bool by_subprotocol)
{
    if (http_header_has_token(session->http, "Sec-WebSocket-Protocol", V1_SUBPROTOCOL)) {
        session->dialect = DIALECT_V1;
        return V1_SUBPROTOCOL;
    }
    return by_subprotocol ? CREDENTIALS_SUBPROTOCOL : NULL;
}

static void open_websocket(struct session *session, bool by_subprotocol)
{
    struct buf out = {0};
    struct fault fault;
    struct ws_extension extension;
    const char *extensions;
    if (negotiate(session, &extension, &extensions) < 0) {
        fault_set(&fault, FAULT_bad_handshake, "Sec-WebSocket-Extensions is malformed");
        refuse_and_count(session, 400, &fault);
        return;
    }
    if (ws_handshake_accept(session->http, choose_dialect(session, by_subprotocol), extensions,
                            &out) < 0) {
        session_part(session, CLOSE_out_of_memory, SESSION_PART_AT_ONCE);
        return;
    }
    count_request(session->shard, 101);
    session_write(session, buf_span(&out));
    buf_fini(&out);
    open_session(session);
}

static void log_upgrade(const struct session *session)
{
    char client[IP_TEXT_BYTES];
    char target[REDACTED_BYTES];
    if (!log_enabled(LOG_DEBUG))
        return;
    redact_target(http_target(session->http), target);
    LOG(LOG_DEBUG, "session.upgrade", session_log_id(session), "%s asks for a %s at %s",
        ip_format(&session->client, client),
        ws_handshake_is_wanted(session->http) ? "WebSocket" : "stream", target);
}

/*
 * From here on the connection is one client's; before, a proxy may have sent the requests of several. So who came by a proxy is
 * counted only now, and only now, before anything else is looked at, is it seen who would have been reset as it connected.
 * 101, or the status to refuse with.
 */
static int settle_client(struct session *session, struct fault *fault)
{
    struct shard *shard = session->shard;
    session->client = trusted_proxies_client(shard->proxies, &session->client, session->http);
    log_upgrade(session);
    if (access_shuns(shard->access, session->client, worker_now_ms(shard->worker), fault))
        return 429;
    if (session->is_uncounted &&
        admission_enter_from(shard->admission, &session->client, worker_now_ms(shard->worker),
                             &session->ticket, fault) < 0)
        return 503;
    session->is_uncounted = false;
    return 101;
}

static void take_up_websocket(struct session *session)
{
    struct fault fault;
    bool by_subprotocol = false;
    int status = settle_client(session, &fault);
    if (status == 101)
        status = ws_handshake_check(session->http, &fault);
    if (status == 101)
        status = session_admit_request(session, &by_subprotocol, &fault);
    if (status == 101)
        open_websocket(session, by_subprotocol);
    else if (!session->is_parked)
        refuse_and_count(session, status, &fault);
}

/* --- a stream of events --------------------------------------------------------------------------------------------- */

static void open_stream(struct session *session)
{
    struct buf out = {0};
    if (sse_write_head(session, &out) < 0) {
        session_part(session, CLOSE_out_of_memory, SESSION_PART_AT_ONCE);
        return;
    }
    count_request(session->shard, 200);
    session_write(session, buf_span(&out));
    buf_fini(&out);
    if (session->state != SESSION_HTTP)
        return; /* it does not read its answers */
    session->dialect = DIALECT_SSE;
    session->shard->stream_count++;
    open_session(session);
}

/* All that it may do is in the request, a token too: nothing that it says later is heard. */
static int admit_stream(struct session *session, struct fault *fault)
{
    bool by_subprotocol;
    int status = session_admit_request(session, &by_subprotocol, fault);
    if (status == 101 && session_lacks_permit(session)) {
        fault_set(fault, FAULT_token_required, "a token is needed: Authorization, or ?token=");
        status = 401;
    }
    return status == 101 ? sse_read_request(session, fault) : status;
}

static void take_up_stream(struct session *session)
{
    struct fault fault;
    int status = settle_client(session, &fault);
    if (status == 101)
        status = admit_stream(session, &fault);
    if (status == 200)
        open_stream(session);
    else if (!session->is_parked)
        v1_http_refuse(session, status, &fault);
}

/* The answer to the request that the reader holds; then the next one, if the connection is kept. */
static void answer(struct session *session, struct http_answer *answer)
{
    if (answer->extra_headers == NULL)
        answer->extra_headers = session_headers_for(answer->status);
    write_answer(session, answer);
    if (session->state != SESSION_HTTP)
        return; /* it does not read its answers */
    if (!answer->keep_alive) {
        session_part(session, CLOSE_http_done, SESSION_PART_LINGERING);
        return;
    }
    session_next_request(session);
    session_set_deadline(session, session->shard->options->keep_alive_timeout_ms);
}

static void begin_answer(const struct session *session, struct http_answer *answer)
{
    answer->keep_alive = http_keep_alive(session->http);
    answer->head_only = strcmp(http_method(session->http), "HEAD") == 0;
}

void session_answer_later(struct session *session, struct http_answer *later, struct buf *rest)
{
    begin_answer(session, later);
    answer(session, later);
    session_read_on(session, rest);
}

static void on_request(struct session *session)
{
    struct buf body = {0};
    struct http_answer now = {0};
    begin_answer(session, &now);
    enum route_result result = session->shard->routes->answer(session, &now, &body);
    if (result == ROUTE_LATER)
        session_stop_reading(session);
    else if (result == ROUTE_ANSWERED)
        answer(session, &now);
    buf_fini(&body);
}

void session_http_done(struct session *session, bool keep_alive)
{
    struct buf rest = {0};
    bool was_stopped = session->is_awaiting;
    if (session->state != SESSION_HTTP)
        return; /* it does not read its answers */
    if (was_stopped)
        (void)session_awaited(session->shard, session->id, &rest);
    v1_visit_end(session);
    if (!keep_alive) {
        buf_fini(&rest);
        session_part(session, CLOSE_http_done, SESSION_PART_LINGERING);
        return;
    }
    session_next_request(session);
    session_set_deadline(session, session->shard->options->keep_alive_timeout_ms);
    if (was_stopped)
        session_read_on(session, &rest);
}

void session_take_up_request(struct session *session)
{
    if (session->shard->routes->takes_websockets && ws_handshake_is_wanted(session->http))
        take_up_websocket(session);
    else if (sse_is_wanted(session))
        take_up_stream(session);
    else
        on_request(session);
}

/* A body that is not taken is told as what else goes wrong there. */
static void refuse_request(struct session *session, int status, const struct fault *fault)
{
    if (session->shard->routes->takes_body == NULL || !http_head_is_known(session->http) ||
        !v1_http_is_path(http_path(session->http)))
        refuse_and_count(session, status, fault);
    else
        v1_http_refuse(session, status, fault);
}

/* The time for a request runs from its first byte. */
static void watch_request_begin(struct session *session)
{
    if (session->has_answered && !http_reader_has_begun(session->http))
        session_set_deadline(session, session->shard->options->handshake_timeout_ms);
}

/* Nobody has shown a token for it yet. */
static bool is_over_uploads(const struct session *session)
{
    const struct shard *shard = session->shard;
    size_t most = 2 * (size_t)shard->options->max_upload_bytes;
    return http_body_bytes(session->http) > SHORT_UPLOAD_BYTES &&
           shard->upload_bytes > (most > UPLOADS_BYTES ? most : UPLOADS_BYTES);
}

static enum http_read read_some(struct session *session, struct span bytes, size_t *taken,
                                int *status, struct fault *fault)
{
    size_t held = http_body_bytes(session->http);
    enum http_read result = http_read(session->http, bytes, taken, status, fault);
    session->shard->upload_bytes += http_body_bytes(session->http) - held;
    if (result != HTTP_READ_MORE || !is_over_uploads(session))
        return result;
    *status = 503;
    fault_set(fault, FAULT_out_of_memory, "too many uploads are on their way");
    return HTTP_READ_FAULT;
}

size_t session_read_http(struct session *session, const uint8_t *bytes, size_t len)
{
    size_t at = 0;
    while (at < len && session->state == SESSION_HTTP && session_listens(session)) {
        size_t taken = 0;
        int status = 0;
        struct fault fault;
        watch_request_begin(session);
        enum http_read result =
            read_some(session, span_of(bytes + at, len - at), &taken, &status, &fault);
        at += taken;
        if (result == HTTP_READ_CONTINUE)
            session_write(session, span_of_text(HTTP_CONTINUE));
        else if (result == HTTP_READ_FAULT)
            refuse_request(session, status, &fault);
        else if (result == HTTP_READ_REQUEST)
            session_take_up_request(session);
    }
    return at;
}
