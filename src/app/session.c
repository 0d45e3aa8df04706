#include "app/session.h"

#include <stdatomic.h>
#include <utlist.h>

#include "app/admission.h"
#include "app/awaited.h"
#include "app/rests.h"
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

const struct session_handler *session_handler_of(const struct session *session)
{
    return session->shard->handlers->of[session->dialect];
}

uint32_t session_now_ms(const struct session *session)
{
    return (uint32_t)worker_now_ms(session->shard->worker);
}

void session_set_deadline(struct session *session, uint64_t after_ms)
{
    session->deadline_ms = session_now_ms(session) + (uint32_t)after_ms;
}

/* --- events of the connection --------------------------------------------------------------------------------------- */

bool session_listens(const struct session *session)
{
    return !session->is_parked && !session->is_resting;
}

/* Of one that is parked or rests. Nothing more is read from it meanwhile, so this is one read's worth at most. */
static void keep_rest(struct session *session, struct span rest)
{
    int err = 0;
    if (rest.len == 0)
        return;
    if (session->is_stopped)
        err = awaited_keep(session->shard->awaited, session, rest);
    else if (session->is_parked)
        err = access_park_more(session->shard->access, session, rest);
    else
        err = rests_keep(&session->shard->rests, session, rest);
    if (err < 0)
        session->is_doomed = true;
}

void session_take_bytes(struct session *session, uint8_t *bytes, size_t len)
{
    size_t taken = 0;
    if (session->state == SESSION_HTTP && session_listens(session))
        taken = session_read_http(session, bytes, len);
    if (session->state == SESSION_OPEN && session->dialect == DIALECT_SSE)
        return;
    if (session_listens(session) &&
        (session->state == SESSION_OPEN || session->state == SESSION_CLOSING))
        taken += session_read_websocket(session, bytes + taken, len - taken);
    if (!session_listens(session))
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
    session_take_bytes(session, bytes, len);
}

void session_take_up(struct session *session, const struct parked_bytes *bytes)
{
    if (session->state == SESSION_HTTP)
        session_take_up_request(session);
    else if (session->state == SESSION_OPEN)
        session_handler_of(session)->on_message(session, WS_TEXT, buf_span(&bytes->message));
    session_take_bytes(session, bytes->rest.data, bytes->rest.len);
}

int session_await(struct session *session)
{
    if (awaited_expect(session->shard->awaited, session) < 0)
        return ERR_NO_MEMORY;
    session->is_awaiting = true;
    return 0;
}

struct session *session_awaited(struct shard *shard, uint64_t id, struct buf *rest)
{
    if (rest != NULL)
        *rest = awaited_rest(shard->awaited, id);
    struct session *session = awaited_take(shard->awaited, id);
    if (session != NULL)
        session->is_awaiting = awaited_has(shard->awaited, id);
    return session;
}

void session_on_stored(struct session *session, struct span note, int err)
{
    if (session->state == SESSION_OPEN)
        session_handler_of(session)->on_stored(session, note, err);
}

void session_stop_reading(struct session *session)
{
    session->is_parked = session->is_stopped = true;
    conn_pause(&session->conn);
}

void session_read_on(struct session *session, struct buf *rest)
{
    session->is_parked = session->is_stopped = false;
    conn_resume(&session->conn);
    session_take_bytes(session, rest->data, rest->len);
    buf_fini(rest);
}

static void on_writable(struct conn *conn)
{
    struct session *session = session_of(conn);
    if (session->state == SESSION_LINGERING)
        conn_shutdown(conn);
    else if (session->state == SESSION_OPEN)
        session_handler_of(session)->on_writable(session);
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
    CHECK(session->permit == NULL && session->state != SESSION_OPEN);
    session_forget_message(session);
    if (shard->meets_next == session)
        shard->meets_next = session->next;
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
    rests_begin(session);
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
                          struct session **started)
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
    *started = session;
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
    struct session *session;
    struct ip ip = address_ip(peer);
    struct fault fault;
    if (is_shunned(shard, fd, &ip))
        return ERR_TOO_MANY;
    /* Whom a trusted proxy brings is in its request, if anywhere. */
    bool is_proxy = trusted_proxies_hold(shard->proxies, &ip);
    int err = admission_enter(shard->admission, is_proxy ? NULL : &ip, worker_now_ms(shard->worker),
                              &ticket, &fault);
    if (err < 0)
        return start_refused(shard, fd, peer, &fault);
    err = start_admitted(shard, fd, peer, &session);
    if (err < 0) {
        admission_leave(shard->admission, ticket);
        return err;
    }
    session->ticket = ticket;
    session->is_uncounted = is_proxy;
    return 0;
}
