#include "app/session_stream.h"

#include <string.h>

#include "app/shard.h"

/* --- probes --------------------------------------------------------------------------------------------------------- */

/* A ping, with the number as its payload. */
#define PROBE_NUMBER_BYTES 4

size_t stream_write_probe(uint32_t number, uint8_t *out)
{
    uint8_t header[WS_HEADER_MAX_BYTES];
    size_t header_bytes = ws_write_header(header, WS_PING, PROBE_NUMBER_BYTES);
    memcpy(out, header, header_bytes);
    for (size_t i = 0; i < PROBE_NUMBER_BYTES; i++)
        out[header_bytes + i] = (uint8_t)(number >> (8 * i));
    return header_bytes + PROBE_NUMBER_BYTES;
}

bool stream_on_pong(struct session *session, struct span payload)
{
    struct shard *shard = session->shard;
    uint32_t number = 0;
    if (payload.len != PROBE_NUMBER_BYTES)
        return false;
    for (size_t i = 0; i < PROBE_NUMBER_BYTES; i++)
        number |= (uint32_t)payload.data[i] << (8 * i);
    return hub_answered(shard->hub, &session->follower, number, worker_now_ms(shard->worker));
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
