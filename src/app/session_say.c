/* What a session says: bytes, messages, and what its peer did wrong. */
#include "app/session_phase.h"

#include "app/routes.h"
#include "app/shard.h"
#include "base/err.h"
#include "base/log.h"
#include "codec/ws_deflate.h"
#include "codec/ws_extension.h"

/*
 * An operators' answer is as long as what it lists, and must not break off; but who asks on and on and does not read gets no
 * further one.
 */
static bool may_write(struct session *session)
{
    if (!session->shard->routes->has_long_answers)
        return true;
    session_check_queue(session);
    return session->state <= SESSION_OPEN;
}

void session_write(struct session *session, struct span bytes)
{
    struct shard *shard = session->shard;
    if (session->is_doomed || !may_write(session))
        return;
    int err = conn_write(&session->conn, bytes);
    if (err < 0) {
        session->is_doomed = true;
        return;
    }
    metrics_add(shard->metrics, METRIC_bytes_sent_total, bytes.len);
    if (session->state == SESSION_OPEN && conn_is_full(&session->conn))
        hub_blocked(&session->follower);
    if (!shard->routes->has_long_answers)
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
    session_handler_of(session)->tell(session, fault, NULL, 0);
    session_close(session, reason);
}

void session_fault_of_ids(struct session *session, const struct fault *fault,
                          const struct runner_id *ids, size_t count)
{
    if (session->state != SESSION_OPEN)
        return;
    session_count_fault(session, fault->code);
    session_handler_of(session)->tell(session, fault, ids, count);
    if (++session->faults <= session->shard->options->max_faults)
        return;
    session_count_fault(session, FAULT_too_many_faults);
    session_close(session, CLOSE_too_many_faults);
}
