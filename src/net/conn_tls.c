#include "net/conn_tls.h"

#include <string.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "net/conn_raw.h"
#include "net/outbox.h"
#include "net/tls.h"

#define MOST_KEPT_ANSWERS 65536

struct conn_tls {
    struct visitor visitor; /* first: it leads back here */
    struct conn *conn;
    struct tls_context *context; /* held until `tls` has it */
    struct tls *tls;             /* owned; NULL: WAITING, or it could not be had */
    struct buf begun;            /* of the peer's bytes, what was read before its turn */
    struct buf unsaid;           /* of the owner's bytes, what waits for the handshake */
    size_t answers; /* bytes of TLS itself that were kept since the socket was last drained */
    bool has_failed;
    bool shuts_down; /* once all that is kept is out */
};

static bool is_secured(const struct conn_tls *it)
{
    return it->tls != NULL && tls_is_secured(it->tls) && !it->has_failed;
}

bool conn_was_resumed(const struct conn *conn)
{
    return conn->tls != NULL && is_secured(conn->tls) && tls_was_resumed(conn->tls->tls);
}

char *conn_peer_name(const struct conn *conn)
{
    return conn->tls != NULL && is_secured(conn->tls) ? tls_peer_name(conn->tls->tls) : NULL;
}

int64_t conn_peer_expires_s(const struct conn *conn)
{
    return conn->tls != NULL && is_secured(conn->tls) ? tls_peer_expires_s(conn->tls->tls) : 0;
}

bool conn_peer_is_trusted_by(const struct conn *conn, const struct tls_context *context)
{
    return conn->tls != NULL && is_secured(conn->tls) &&
           tls_peer_is_trusted_by(conn->tls->tls, context);
}

bool conn_tls_is_in_line(const struct conn *conn)
{
    return turnstile_is_waiting(&conn->tls->visitor);
}

bool conn_tls_is_waiting(const struct conn *conn)
{
    return conn->tls->tls == NULL && !conn->tls->has_failed;
}

bool conn_tls_is_shaking(const struct conn *conn)
{
    return !conn->tls->has_failed && !is_secured(conn->tls);
}

size_t conn_tls_unsaid(const struct conn *conn)
{
    return conn->tls->unsaid.len;
}

/* --- begin and end -------------------------------------------------------------------------------------------------- */

int conn_secure(struct conn *conn, struct tls_context *context, struct span begun)
{
    CHECK(conn->tls == NULL && !conn->closing);
    struct conn_tls *it = mem_try(sizeof *it);
    if (it == NULL || buf_append(&it->begun, begun) < 0) {
        mem_free(it);
        return ERR_NO_MEMORY;
    }
    it->conn = conn;
    it->context = tls_context_hold(context);
    conn->tls = it;
    if (begun.len > 0) {
        turnstile_wait(worker_turnstile(conn->worker), &it->visitor);
        conn_watch(conn);
    }
    return 0;
}

static void free_it(struct conn_tls *it)
{
    if (it == NULL)
        return;
    tls_context_drop(&it->context);
    tls_free(&it->tls);
    buf_fini(&it->begun);
    buf_fini(&it->unsaid);
    mem_free(it);
}

int conn_connect_secure(struct conn *conn, struct worker *worker,
                        const struct conn_secure_target *target, const struct conn_events *events)
{
    int err = ERR_NO_MEMORY;
    struct conn_tls *it = mem_try(sizeof *it);
    if (it == NULL)
        return err;
    it->conn = conn;
    it->tls = tls_new_client(target->context, worker_tls_io(worker), target->host);
    if (it->tls != NULL)
        err = conn_connect(conn, worker, target->address, events);
    if (err < 0)
        free_it(it);
    else
        conn->tls = it;
    return err;
}

static void say_goodbye(struct conn_tls *it)
{
    if (it->tls != NULL && !it->has_failed)
        tls_say_goodbye(it->tls);
}

void conn_tls_close(struct conn *conn, bool says_goodbye)
{
    struct conn_tls *it = conn->tls;
    if (says_goodbye && is_secured(it) && conn->kept == NULL) {
        say_goodbye(it);
        struct span goodbye = tls_answer(it->tls);
        if (goodbye.len > 0)
            conn_raw_send(conn, &goodbye, 1);
    }
    turnstile_leave(worker_turnstile(conn->worker), &it->visitor);
    free_it(it);
    conn->tls = NULL;
}

/* --- failures ------------------------------------------------------------------------------------------------------- */

static void fail(struct conn *conn, enum tls_failure failure, const char *reason)
{
    struct conn_tls *it = conn->tls;
    it->has_failed = true;
    buf_fini(&it->unsaid);
    conn->events->on_failed(conn, failure, reason);
}

/* Bytes are missing in what the peer gets: it must not get more. That is told as the end, not in the middle of a call. */
static void cut_off(struct conn *conn)
{
    conn->tls->has_failed = true;
    outbox_free(&conn->kept);
    shutdown(conn->polled.fd, SHUT_RDWR);
}

/* --- out ------------------------------------------------------------------------------------------------------------ */

/* All of it goes out, now or later. 0 or ERR_NO_MEMORY: a part is lost. */
static int push(struct conn *conn, struct span cipher)
{
    size_t taken = conn->kept == NULL && cipher.len > 0 ? conn_raw_send(conn, &cipher, 1) : 0;
    return conn_raw_keep(conn, span_of(cipher.data + taken, cipher.len - taken));
}

/* One record, of the beginning of the spans; how much of them. ERR_NO_MEMORY: it is cut off. */
static int push_record(struct conn *conn, const struct span *spans, size_t count)
{
    int taken = tls_write(conn->tls->tls, spans, count);
    if (taken < 0 || push(conn, tls_answer(conn->tls->tls)) < 0) {
        cut_off(conn);
        return ERR_NO_MEMORY;
    }
    return taken;
}

static size_t length_of(const struct span *spans, size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        len += spans[i].len;
    return len;
}

/* Drop the first `bytes`; how many spans are left, at the beginning of the array. */
static size_t drop(struct span *spans, size_t count, size_t bytes)
{
    size_t first = 0;
    while (first < count && spans[first].len <= bytes)
        bytes -= spans[first++].len;
    memmove(spans, spans + first, (count - first) * sizeof *spans);
    if (first < count)
        spans[0] = span_of(spans[0].data + bytes, spans[0].len - bytes);
    return count - first;
}

/* Record after record as long as the socket takes them whole. The last may be kept in part: it counts as taken. */
static size_t push_records(struct conn *conn, const struct span *spans, size_t count)
{
    struct span left[CONN_SPANS_MAX];
    size_t len = length_of(spans, count);
    size_t taken = 0;
    memcpy(left, spans, count * sizeof *spans);
    while (taken < len && conn->kept == NULL) {
        int some = push_record(conn, left, count);
        if (some < 0)
            break;
        taken += (size_t)some;
        count = drop(left, count, (size_t)some);
    }
    return taken;
}

size_t conn_tls_send(struct conn *conn, const struct span *spans, size_t count)
{
    if (conn->tls->has_failed)
        return 0;
    bool can_go = is_secured(conn->tls) && conn->kept == NULL;
    size_t taken = can_go ? push_records(conn, spans, count) : 0;
    if (taken < length_of(spans, count) && !conn->tls->has_failed)
        conn_want_room(conn);
    return taken;
}

int conn_tls_keep(struct conn *conn, struct span bytes)
{
    struct conn_tls *it = conn->tls;
    if (conn_tls_is_shaking(conn)) {
        int err = buf_append(&it->unsaid, bytes);
        if (err == 0)
            conn_want_room(conn);
        return err;
    }
    while (bytes.len > 0 && !it->has_failed) {
        int taken = push_record(conn, &bytes, 1);
        if (taken < 0)
            return taken;
        bytes = span_of(bytes.data + taken, bytes.len - (size_t)taken);
    }
    return 0;
}

void conn_tls_shutdown(struct conn *conn)
{
    struct conn_tls *it = conn->tls;
    say_goodbye(it);
    if (is_secured(it) && push(conn, tls_answer(it->tls)) < 0)
        cut_off(conn);
    it->shuts_down = true;
    if (conn->kept == NULL)
        shutdown(conn->polled.fd, SHUT_WR);
}

void conn_tls_drained(struct conn *conn)
{
    if (conn->tls->shuts_down)
        shutdown(conn->polled.fd, SHUT_WR);
}

/* --- in ------------------------------------------------------------------------------------------------------------- */

/* What TLS itself has to say. A peer that makes it say ever more and does not read is done with; false then. */
static bool answer(struct conn *conn)
{
    struct conn_tls *it = conn->tls;
    struct span bytes = tls_answer(it->tls);
    if (bytes.len == 0)
        return true;
    it->answers = conn->kept == NULL ? 0 : it->answers;
    if (push(conn, bytes) < 0) {
        cut_off(conn);
        return false;
    }
    it->answers += conn->kept == NULL ? 0 : bytes.len;
    if (it->answers <= MOST_KEPT_ANSWERS)
        return true;
    fail(conn, TLS_FAILURE_not_reading, tls_failure_text(TLS_FAILURE_not_reading));
    return false;
}

/* What the owner said meanwhile goes out first. */
static void on_secured(struct conn *conn)
{
    struct conn_tls *it = conn->tls;
    struct buf unsaid = it->unsaid;
    it->unsaid = (struct buf){0};
    conn_tls_keep(conn, buf_span(&unsaid));
    buf_fini(&unsaid);
    if (conn->events->on_open != NULL)
        conn->events->on_open(conn);
    if (!conn->closing)
        conn_tell_room(conn);
}

/* False: no more is to be read. */
static bool handle(struct conn *conn, enum tls_read result, const struct tls_piece *piece)
{
    switch (result) {
    case TLS_READ_SECURED:
        on_secured(conn);
        break;
    case TLS_READ_PLAIN:
        conn->events->on_bytes(conn, piece->bytes, piece->len);
        break;
    case TLS_READ_END:
        conn_end(conn, CONN_END_FIN);
        break;
    case TLS_READ_FAILED:
        fail(conn, tls_failure(conn->tls->tls), tls_reason(conn->tls->tls));
        break;
    case TLS_READ_MORE:
        return false;
    }
    return !conn->closing && !conn->ended;
}

void conn_tls_take(struct conn *conn, struct span cipher)
{
    bool goes_on = true;
    while (goes_on && !conn->tls->has_failed) {
        struct tls_piece piece = {0};
        enum tls_read result = tls_read(conn->tls->tls, &cipher, &piece);
        goes_on = answer(conn) && handle(conn, result, &piece);
    }
}

void conn_tls_connected(struct conn *conn)
{
    conn_tls_take(conn, span_of(NULL, 0));
}

/* --- its turn ------------------------------------------------------------------------------------------------------- */

/* False: there is no memory, and that was told. */
static bool begin(struct conn *conn)
{
    struct conn_tls *it = conn->tls;
    it->tls = tls_new_server(it->context, worker_tls_io(conn->worker));
    tls_context_drop(&it->context);
    if (it->tls == NULL) {
        fail(conn, TLS_FAILURE_no_memory, tls_failure_text(TLS_FAILURE_no_memory));
        return false;
    }
    return true;
}

bool conn_tls_may_read(struct conn *conn)
{
    struct conn_tls *it = conn->tls;
    struct turnstile *turnstile = worker_turnstile(conn->worker);
    if (!conn_tls_is_waiting(conn))
        return true;
    if (turnstile_is_waiting(&it->visitor))
        return false;
    if (turnstile_enter(turnstile, &it->visitor, worker_now_ms(conn->worker)))
        return begin(conn);
    conn_watch(conn);
    return false;
}

void conn_tls_let_in(struct visitor *visitor)
{
    struct conn_tls *it = (struct conn_tls *)(void *)visitor;
    struct conn *conn = it->conn;
    if (!begin(conn))
        return;
    struct buf begun = it->begun;
    it->begun = (struct buf){0};
    if (begun.len > 0)
        conn_tls_take(conn, buf_span(&begun));
    buf_fini(&begun);
    if (!conn->closing)
        conn_watch(conn);
    if (!conn->closing && !conn->ended)
        conn_read_now(conn);
}
