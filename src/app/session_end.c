/* How a session ends: it lets go of what it holds, and then of its socket. */
#include "app/session_phase.h"

#include "app/awaited.h"
#include "app/rests.h"
#include "app/resume.h"
#include "app/session_access.h"
#include "app/shard.h"
#include "app/v1_http_visit.h"
#include "base/log.h"
#include "base/mem.h"

void session_forget_message(struct session *session)
{
    ws_gather_fini(&session->gather);
    mem_free(session->cut);
    session->cut = NULL;
}

/* All that the session holds but its socket. */
static void let_go(struct session *session)
{
    resume_end(session);
    if (session->state == SESSION_OPEN) {
        session_handler_of(session)->on_end(session);
        session->shard->open_count--;
        session->shard->stream_count -= session->dialect == DIALECT_SSE;
    } else {
        v1_visit_end(session);
        session_free_reader(session);
    }
    session_end_access(session);
    rests_end(&session->shard->rests, session);
    if (session->is_awaiting)
        awaited_forget(session->shard->awaited, session);
    session->is_awaiting = false;
}

static void linger(struct session *session)
{
    session->state = SESSION_LINGERING;
    session_forget_message(session);
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
        session_forget_message(session);
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
    if (reason == CLOSE_shutdown && session_handler_of(session)->tell_shutdown != NULL)
        session_handler_of(session)->tell_shutdown(session);
    if (session->dialect == DIALECT_SSE) {
        session_part(session, reason, SESSION_PART_LINGERING);
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
