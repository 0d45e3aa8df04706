#include "app/session_stream.h"

#include "app/shard.h"
#include "codec/ws_probe.h"

bool stream_on_pong(struct session *session, struct span payload)
{
    struct shard *shard = session->shard;
    uint32_t number;
    return ws_probe_read(payload, &number) &&
           hub_answered(shard->hub, &session->follower, number, worker_now_ms(shard->worker));
}

/* --- the hub's way out ---------------------------------------------------------------------------------------------- */

static size_t sink_send(void *owner, const struct span *spans, size_t count)
{
    struct session *session = owner;
    if (session->is_doomed)
        return 0;
    size_t taken = conn_send(&session->conn, spans, count);
    metrics_add(session->shard->metrics, METRIC_bytes_sent_total, taken);
    return taken;
}

static void sink_keep(void *owner, struct span rest)
{
    struct session *session = owner;
    metrics_add(session->shard->metrics, METRIC_bytes_sent_total, rest.len);
    if (conn_keep(&session->conn, rest) < 0)
        session->is_doomed = true;
}

void stream_write_before(struct session *session, struct span frame)
{
    size_t taken = sink_send(session, &frame, 1);
    if (taken < frame.len && !session->is_doomed)
        sink_keep(session, span_of(frame.data + taken, frame.len - taken));
}

const struct hub_sink stream_sink = {
    .send = sink_send,
    .keep = sink_keep,
};

void stream_on_writable(struct session *session)
{
    struct shard *shard = session->shard;
    hub_writable(shard->hub, &session->follower, worker_now_ms(shard->worker));
}

void stream_on_end(struct session *session)
{
    hub_leave(session->shard->hub, &session->follower);
}
