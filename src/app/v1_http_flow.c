#include "app/v1_http_flow.h"

#include "app/session_phase.h"
#include "app/shard.h"
#include "app/v1_http_visit.h"

#define PIECE_BYTES ((size_t)64 * 1024)

bool v1_flow_has_room(const struct shard *shard, size_t bytes)
{
    return bytes <= V1_FLOW_SHORT_BYTES || shard->answer_bytes + bytes <= V1_FLOW_WORKER_BYTES;
}

static void take_bytes(struct shard *shard, struct v1_flow *flow, struct buf *bytes)
{
    shard->answer_bytes -= flow->bytes.len;
    buf_fini(&flow->bytes);
    flow->bytes = *bytes;
    flow->at = 0;
    *bytes = (struct buf){0};
    shard->answer_bytes += flow->bytes.len;
}

static size_t write_some(struct session *session, struct v1_flow *flow)
{
    size_t left = flow->bytes.len - flow->at;
    struct span piece =
        span_of(flow->bytes.data + flow->at, left < PIECE_BYTES ? left : PIECE_BYTES);
    size_t sent = conn_send(&session->conn, &piece, 1);
    metrics_add(session->shard->metrics, METRIC_bytes_sent_total, sent);
    flow->at += sent;
    if (sent > 0)
        session_set_deadline(session, session->shard->options->handshake_timeout_ms);
    return sent;
}

/* All that was there is out: the next, or the end. */
static void go_on(struct session *session, struct v1_flow *flow)
{
    if (flow->is_asked)
        return;
    if (flow->more == NULL) {
        session_http_done(session, flow->keep_alive);
        return;
    }
    flow->is_asked = true;
    flow->more(session);
}

void v1_flow_pump(struct session *session)
{
    struct v1_flow *flow = &session->visit->flow;
    if (!flow->is_under_way)
        return;
    while (flow->at < flow->bytes.len)
        if (write_some(session, flow) == 0)
            return;
    go_on(session, flow);
}

static void begin(struct session *session, struct buf *bytes, bool keep_alive)
{
    struct v1_flow *flow = &session->visit->flow;
    flow->is_under_way = true;
    flow->keep_alive = keep_alive;
    take_bytes(session->shard, flow, bytes);
    session_set_deadline(session, session->shard->options->handshake_timeout_ms);
    v1_flow_pump(session);
}

void v1_flow_begin(struct session *session, struct buf *bytes, bool keep_alive)
{
    struct v1_flow *flow = &session->visit->flow;
    flow->reserved = V1_FLOW_PIECES_BYTES;
    session->shard->answer_bytes += flow->reserved;
    begin(session, bytes, keep_alive);
}

void v1_flow_send(struct session *session, struct buf *bytes, bool keep_alive)
{
    if (bytes->len <= V1_FLOW_SHORT_BYTES || session->visit == NULL) {
        session_write(session, buf_span(bytes));
        buf_fini(bytes);
        session_http_done(session, keep_alive);
        return;
    }
    if (!session->is_awaiting && session_await(session) < 0) {
        session->is_doomed = true;
        return;
    }
    session_stop_reading(session);
    begin(session, bytes, keep_alive);
}

void v1_flow_add(struct session *session, struct buf *bytes, bool is_last)
{
    struct v1_flow *flow = &session->visit->flow;
    flow->is_asked = false;
    if (is_last)
        flow->more = NULL;
    take_bytes(session->shard, flow, bytes);
    v1_flow_pump(session);
}

void v1_flow_fini(struct shard *shard, struct v1_flow *flow)
{
    shard->answer_bytes -= flow->bytes.len + flow->reserved;
    buf_fini(&flow->bytes);
    if (flow->drop != NULL)
        flow->drop(flow->source);
    *flow = (struct v1_flow){0};
}
