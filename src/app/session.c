#include "app/session.h"

#include <stdatomic.h>
#include <utlist.h>

#include "app/admission.h"
#include "app/routes.h"
#include "app/session_access.h"
#include "app/session_phase.h"
#include "app/shard.h"
#include "app/trusted_proxies.h"
#include "base/check.h"
#include "base/err.h"
#include "base/ip.h"
#include "base/log.h"
#include "base/mem.h"
#include "codec/ws_deflate.h"
#include "codec/ws_extension.h"

#define PINGS_BEFORE_CLOSE 2
#define REFUSED_AT_A_TIME 256

/* The connection is its first member, and has checked its own magic. */
static struct session *session_of(struct conn *conn)
{
    return (struct session *)(void *)conn;
}

struct session_id session_log_id(const struct session *session)
{
    return (struct session_id){session->id};
}

uint32_t session_now_ms(const struct session *session)
{
    return (uint32_t)worker_now_ms(session->shard->worker);
}

void session_set_deadline(struct session *session, uint64_t after_ms)
{
    session->deadline_ms = session_now_ms(session) + (uint32_t)after_ms;
}

/* Of a message in the middle, what has come. Not while it is HTTP. */
static void forget_message(struct session *session)
{
    ws_gather_fini(&session->gather);
    mem_free(session->cut);
    session->cut = NULL;
}

/* --- events of the connection --------------------------------------------------------------------------------------- */

/* Of one that is parked. Nothing more is read from it meanwhile, so this is one read's worth at most. */
static void keep_rest(struct session *session, struct span rest)
{
    if (rest.len > 0 && access_park_more(session->shard->access, session, rest) < 0)
        session->is_doomed = true;
}

static void take_bytes(struct session *session, uint8_t *bytes, size_t len)
{
    size_t taken = 0;
    if (session->state == SESSION_HTTP && !session->is_parked)
        taken = session_read_http(session, bytes, len);
    if (!session->is_parked &&
        (session->state == SESSION_OPEN || session->state == SESSION_CLOSING))
        taken += session_read_websocket(session, bytes + taken, len - taken);
    if (session->is_parked)
        keep_rest(session, span_of(bytes + taken, len - taken));
}

/* With TLS: the handshake is done. */
static void on_open(struct conn *conn)
{
    struct session *session = session_of(conn);
    struct metrics *metrics = session->shard->metrics;
    metrics_add(metrics, METRIC_tls_handshakes_total, 1);
    metrics_add(metrics, METRIC_tls_resumptions_total, conn_was_resumed(conn));
    session_trust_certificate(session);
}

static void on_failed(struct conn *conn, enum tls_failure failure, const char *reason)
{
    struct session *session = session_of(conn);
    metrics_add_labelled(session->shard->metrics, METRIC_tls_failures_total, failure, 1);
    session_count_fault(session, FAULT_tls_failed);
    LOG(LOG_DEBUG, "tls.failed", session_log_id(session), "%s: %s", tls_failure_name(failure),
        reason);
    session_part(session, CLOSE_tls_failed, SESSION_PART_LINGERING);
}

static void on_bytes(struct conn *conn, uint8_t *bytes, size_t len)
{
    struct session *session = session_of(conn);
    metrics_add(session->shard->metrics, METRIC_bytes_received_total, len);
    session->heard_ms = session_now_ms(session);
    session->pings_missed = 0;
    take_bytes(session, bytes, len);
}

void session_take_up(struct session *session, const struct parked_bytes *bytes)
{
    if (session->state == SESSION_HTTP)
        session_take_up_request(session);
    else if (session->state == SESSION_OPEN)
        session->shard->handler->on_message(session, WS_TEXT, buf_span(&bytes->message));
    if (session->is_parked)
        keep_rest(session, buf_span(&bytes->rest));
    else
        take_bytes(session, bytes->rest.data, bytes->rest.len);
}

static void on_writable(struct conn *conn)
{
    struct session *session = session_of(conn);
    if (session->state == SESSION_LINGERING)
        conn_shutdown(conn);
    else if (session->state == SESSION_OPEN)
        session->shard->handler->on_writable(session);
}

static void on_end(struct conn *conn, enum conn_end end)
{
    struct session *session = session_of(conn);
    enum close_reason reason = CLOSE_client_gone;
    if (end != CONN_END_FIN)
        reason = CLOSE_reset;
    else if (session->state == SESSION_HTTP && session->has_answered)
        reason = CLOSE_http_done;
    session_part(session, reason, SESSION_PART_AT_ONCE);
    conn_close(conn);
}

static void on_closed(struct conn *conn)
{
    struct session *session = session_of(conn);
    struct shard *shard = session->shard;
    CHECK(session->permit == NULL);
    forget_message(session);
    DL_DELETE(shard->sessions, session);
    shard->session_count--;
    atomic_fetch_sub(&shard->load, 1);
    shard->refused_count -= session->was_refused;
    if (!session->was_refused)
        admission_leave(shard->admission, session->ticket);
    mem_free(session);
}

static const struct conn_events conn_events = {
    .on_open = on_open,
    .on_failed = on_failed,
    .on_bytes = on_bytes,
    .on_writable = on_writable,
    .on_end = on_end,
    .on_closed = on_closed,
};

struct ip session_address(const struct session *session)
{
    return session->client;
}

void session_address_text(const struct session *session, char text[ADDRESS_TEXT_BYTES])
{
    ip_format(&session->client, text);
}

bool session_has_address(const struct session *session, const char *ip)
{
    struct ip wanted;
    return ip_parse(span_of_text(ip), &wanted) == 0 && ip_equals(&wanted, &session->client);
}

/* --- begin ---------------------------------------------------------------------------------------------------------- */

static struct session *make(struct shard *shard, int fd, const struct address *peer)
{
    const struct options *options = shard->options;
    struct session *session = mem_try(sizeof *session);
    if (session == NULL)
        return NULL;
    if (conn_open(&session->conn, shard->worker, fd, &conn_events) < 0) {
        mem_free(session);
        return NULL;
    }
    session->shard = shard;
    session->id = ++shard->last_id;
    session->client = address_ip(peer);
    session->heard_ms = session->refilled_ms = session_now_ms(session);
    session_set_deadline(session, options->handshake_timeout_ms);
    session->message_tokens = (uint32_t)options->max_messages_per_second;
    session->follower.owner = session;
    DL_APPEND(shard->sessions, session);
    shard->session_count++;
    return session;
}

/* It exists already, so it ends as others do when memory for it can't be had. */
static void secure(struct session *session)
{
    struct tls_context *tls = session->shard->tls;
    if (tls != NULL && conn_secure(&session->conn, tls, span_of(NULL, 0)) < 0)
        session_part(session, CLOSE_out_of_memory, SESSION_PART_AT_ONCE);
}

static int start_admitted(struct shard *shard, int fd, const struct address *peer,
                          struct admission_ticket *ticket)
{
    const struct options *options = shard->options;
    struct http_limits limits = {.head_bytes = options->max_head_bytes,
                                 .headers = options->max_headers,
                                 .body_bytes = shard->routes->body_bytes};
    struct http_reader *http = http_reader_new(&limits);
    struct session *session = http != NULL ? make(shard, fd, peer) : NULL;
    if (session == NULL) {
        http_reader_free(&http);
        return ERR_NO_MEMORY;
    }
    session->http = http;
    session->ticket = ticket;
    secure(session);
    LOG(LOG_DEBUG, "session.begin", session_log_id(session), "a client has connected from %s",
        ip_format(&session->client, (char[IP_TEXT_BYTES]){0}));
    return 0;
}

/* One that is over a limit is told so, if there are not too many of these already. */
static int start_refused(struct shard *shard, int fd, const struct address *peer,
                         const struct fault *fault)
{
    metrics_add_labelled(shard->metrics, METRIC_errors_total, fault->code, 1);
    LOG(LOG_WARN, "session.refused", NO_SESSION, "%s: %s", fault_name(fault->code), fault->message);
    struct session *session =
        shard->refused_count < REFUSED_AT_A_TIME ? make(shard, fd, peer) : NULL;
    if (session == NULL)
        return ERR_TOO_MANY;
    session->was_refused = true;
    shard->refused_count++;
    secure(session);
    session_refuse_http(session, 503, fault);
    return 0;
}

/*
 * A flood of bad tokens: the cheapest end there is, and nothing in the log. Operators have a budget of their own. A trusted proxy
 * would take a reset for a fault of ours: who came by it is refused in its request (app/session_http.c).
 */
static bool is_shunned(struct shard *shard, int fd, const struct ip *peer)
{
    struct fault fault;
    if (!shard->routes->takes_websockets || trusted_proxies_hold(shard->proxies, peer) ||
        !access_shuns(shard->access, *peer, worker_now_ms(shard->worker), &fault))
        return false;
    metrics_add_labelled(shard->metrics, METRIC_errors_total, fault.code, 1);
    conn_close_by_reset(fd);
    return true;
}

int session_start(struct shard *shard, int fd, const struct address *peer)
{
    struct admission_ticket *ticket = NULL;
    struct ip ip = address_ip(peer);
    struct fault fault;
    if (is_shunned(shard, fd, &ip))
        return ERR_TOO_MANY;
    /* Whom a trusted proxy brings is in its request, if anywhere. */
    int err =
        admission_enter(shard->admission, trusted_proxies_hold(shard->proxies, &ip) ? NULL : &ip,
                        worker_now_ms(shard->worker), &ticket, &fault);
    if (err < 0)
        return start_refused(shard, fd, peer, &fault);
    err = start_admitted(shard, fd, peer, ticket);
    if (err < 0)
        admission_leave(shard->admission, ticket);
    return err;
}

/* --- say ------------------------------------------------------------------------------------------------------------ */

void session_write(struct session *session, struct span bytes)
{
    struct shard *shard = session->shard;
    if (session->is_doomed)
        return;
    int err = conn_write(&session->conn, bytes);
    if (err < 0) {
        session->is_doomed = true;
        return;
    }
    metrics_add(shard->metrics, METRIC_bytes_sent_total, bytes.len);
    if (conn_is_full(&session->conn))
        hub_blocked(&session->follower);
    session_check_queue(session);
}

void session_check_queue(struct session *session)
{
    if (session->state > SESSION_OPEN ||
        conn_queued(&session->conn) <= session->shard->options->max_queued_bytes)
        return;
    session_count_fault(session, FAULT_queue_full);
    session_close(session, CLOSE_queue_full);
}

/* 1: `frame` holds the message, compressed; 0: it does not pay, or was not agreed on; ERR_NO_MEMORY. */
static int write_compressed(struct session *session, enum ws_opcode opcode, struct span payload,
                            struct buf *frame)
{
    bool is_data = opcode == WS_TEXT || opcode == WS_BINARY;
    if (!is_data || session->window_bits == 0 ||
        !ws_extension_fits(session->window_bits, payload.len))
        return 0;
    struct buf compressed = {0};
    int result = ws_deflate_compress(session->shard->deflate, payload, &compressed);
    if (result == 1 && ws_write_compressed(frame, opcode, buf_span(&compressed), NULL) < 0)
        result = ERR_NO_MEMORY;
    buf_fini(&compressed);
    return result;
}

void session_send(struct session *session, enum ws_opcode opcode, struct span payload)
{
    struct buf frame = {0};
    int result = write_compressed(session, opcode, payload, &frame);
    if (result == 0)
        result = ws_write(&frame, opcode, payload, NULL);
    if (result < 0)
        session->is_doomed = true;
    else
        session_write(session, buf_span(&frame));
    buf_fini(&frame);
}

void session_count_fault(struct session *session, enum fault_code code)
{
    metrics_add_labelled(session->shard->metrics, METRIC_errors_total, code, 1);
    LOG(LOG_DEBUG, "session.fault", session_log_id(session), "%s", fault_name(code));
}

static void tell(struct session *session, const struct fault *fault, const struct runner_id *ids,
                 size_t count)
{
    struct buf text = {0};
    int err =
        count > 0 ? seed_encode_refusal(fault, ids, count, &text) : seed_encode_fault(fault, &text);
    if (err < 0)
        session->is_doomed = true;
    else
        session_send(session, WS_TEXT, buf_span(&text));
    buf_fini(&text);
}

void session_fault(struct session *session, const struct fault *fault)
{
    session_fault_of_ids(session, fault, NULL, 0);
}

void session_end_by_fault(struct session *session, const struct fault *fault,
                          enum close_reason reason)
{
    if (session->state != SESSION_OPEN)
        return;
    session_count_fault(session, fault->code);
    tell(session, fault, NULL, 0);
    session_close(session, reason);
}

void session_fault_of_ids(struct session *session, const struct fault *fault,
                          const struct runner_id *ids, size_t count)
{
    if (session->state != SESSION_OPEN)
        return;
    session_count_fault(session, fault->code);
    tell(session, fault, ids, count);
    if (++session->faults <= session->shard->options->max_faults)
        return;
    session_count_fault(session, FAULT_too_many_faults);
    session_close(session, CLOSE_too_many_faults);
}

/* --- end ------------------------------------------------------------------------------------------------------------ */

/* All that the session holds but its socket. */
static void let_go(struct session *session)
{
    if (session->state == SESSION_OPEN) {
        session->shard->handler->on_end(session);
        session->shard->open_count--;
    } else {
        http_reader_free(&session->http);
    }
    session_end_access(session);
}

static void linger(struct session *session)
{
    session->state = SESSION_LINGERING;
    forget_message(session);
    if (conn_queued(&session->conn) == 0)
        conn_shutdown(&session->conn);
}

static void begin_end(struct session *session, enum close_reason reason)
{
    let_go(session);
    session->reason = (uint8_t)reason;
    session_set_deadline(session, session->shard->options->close_timeout_ms);
    metrics_add_labelled(session->shard->metrics, METRIC_sessions_closed_total, reason, 1);
    LOG(LOG_DEBUG, "session.end", session_log_id(session), "%s", close_reason_name(reason));
    uint64_t superseded = hub_superseded(&session->follower);
    if (superseded > 0)
        LOG(LOG_DEBUG, "session.superseded", session_log_id(session),
            "it was too slow for %llu positions", (unsigned long long)superseded);
}

void session_part(struct session *session, enum close_reason reason, enum session_parting parting)
{
    if (session->state == SESSION_HTTP || session->state == SESSION_OPEN)
        begin_end(session, reason);
    else if (session->state == SESSION_GONE)
        return;
    if (parting == SESSION_PART_AFTER_HANDSHAKE) {
        session->state = SESSION_CLOSING;
    } else if (parting == SESSION_PART_LINGERING) {
        linger(session);
    } else {
        session->state = SESSION_GONE;
        forget_message(session);
        conn_close(&session->conn);
    }
}

/* After these the peer's bytes make no sense any more, and its close frame would not be found among them. */
static bool is_beyond_reading(enum close_reason reason)
{
    return reason == CLOSE_bad_frame || reason == CLOSE_bad_utf8 || reason == CLOSE_message_too_big;
}

void session_close(struct session *session, enum close_reason reason)
{
    if (session->state > SESSION_OPEN)
        return;
    uint16_t code = close_reason_websocket_code(reason);
    if (session->state == SESSION_HTTP || code == 0) {
        session_part(session, reason, SESSION_PART_AT_ONCE);
        return;
    }
    session_part(session, reason, SESSION_PART_AFTER_HANDSHAKE);
    struct buf frame = {0};
    if (ws_write_close(&frame, code, close_reason_text(reason), NULL) == 0)
        conn_write(&session->conn, buf_span(&frame));
    buf_fini(&frame);
    if (is_beyond_reading(reason))
        linger(session);
}

/* --- sweep ---------------------------------------------------------------------------------------------------------- */

/*
 * A full socket is slow, not dead: it is not asked for a sign of life that it could not give. Nor is one closed that has not
 * read what is under way to it; but pings go on, so that the kernel finds out when nobody is there any more.
 */
static void check_heartbeat(struct session *session)
{
    uint32_t quiet_ms = session_now_ms(session) - session->heard_ms;
    uint64_t interval_ms = session->shard->options->heartbeat_interval_ms;
    uint64_t patience_ms = interval_ms * (session->pings_missed + 1U);
    if (quiet_ms < patience_ms || conn_is_full(&session->conn))
        return;
    if (session->pings_missed >= PINGS_BEFORE_CLOSE && !hub_is_held(&session->follower)) {
        session_close(session, CLOSE_heartbeat_timeout);
        return;
    }
    if (session->pings_missed < UINT8_MAX)
        session->pings_missed++;
    metrics_add(session->shard->metrics, METRIC_pings_sent_total, 1);
    session_send(session, WS_PING, span_of(NULL, 0));
}

/* While it is open, the deadline is when it was last seen to keep up. */
static void check_slowness(struct session *session)
{
    uint64_t slow_close_ms = session->shard->options->slow_close_ms;
    bool is_slow =
        session->follower.behind || conn_is_full(&session->conn) || hub_is_held(&session->follower);
    if (session->state != SESSION_OPEN || slow_close_ms == 0 || session_lacks_permit(session))
        return;
    if (!is_slow)
        session->deadline_ms = session_now_ms(session);
    else if (session_now_ms(session) - session->deadline_ms >= slow_close_ms)
        session_close(session, CLOSE_too_slow);
}

void session_sweep(struct session *session)
{
    if (session->state == SESSION_GONE)
        return;
    if (session->is_doomed) {
        session_count_fault(session, FAULT_out_of_memory);
        session_part(session, CLOSE_out_of_memory, SESSION_PART_AT_ONCE);
    } else if (session->state == SESSION_OPEN) {
        check_heartbeat(session);
        check_slowness(session);
        session_check_access(session);
    } else if ((int32_t)(session_now_ms(session) - session->deadline_ms) < 0) {
        return;
    } else if (session->state == SESSION_HTTP) {
        session_http_timeout(session);
    } else {
        session_part(session, (enum close_reason)session->reason, SESSION_PART_AT_ONCE);
    }
}
