#include "app/seed_session.h"

#include <string.h>

#include "app/shard.h"
#include "base/err.h"
#include "proto/seed.h"

/* --- probes --------------------------------------------------------------------------------------------------------- */

/* A ping, with the number as its payload. */
#define PROBE_NUMBER_BYTES 4

static size_t write_probe(uint32_t number, uint8_t *out)
{
    uint8_t header[WS_HEADER_MAX_BYTES];
    size_t header_bytes = ws_write_header(header, WS_PING, PROBE_NUMBER_BYTES);
    memcpy(out, header, header_bytes);
    for (size_t i = 0; i < PROBE_NUMBER_BYTES; i++)
        out[header_bytes + i] = (uint8_t)(number >> (8 * i));
    return header_bytes + PROBE_NUMBER_BYTES;
}

/* That to a heartbeat, or to nothing, still shows that it answers: 0 is no probe's number. */
static bool on_pong(struct session *session, struct span payload)
{
    struct shard *shard = session->shard;
    uint32_t number = 0;
    for (size_t i = 0; payload.len == PROBE_NUMBER_BYTES && i < PROBE_NUMBER_BYTES; i++)
        number |= (uint32_t)payload.data[i] << (8 * i);
    return hub_answered(shard->hub, &session->follower, number, worker_now_ms(shard->worker));
}

static const struct hub_dialect seed_dialect = {
    .encode = seed_encode_frame,
    .write_probe = write_probe,
};

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

const struct hub_sink session_sink = {
    .send = sink_send,
    .keep = sink_keep,
};

/* --- messages ------------------------------------------------------------------------------------------------------- */

static void refuse(struct session *session, int err)
{
    const struct options *options = session->shard->options;
    struct fault fault;
    if (err == ERR_FULL)
        fault_set(&fault, FAULT_too_many_follows, "a session follows at most %llu runners",
                  (unsigned long long)options->max_follows);
    else if (err == ERR_TOO_MANY)
        fault_set(&fault, FAULT_too_many_runners, "the server knows its %llu runners",
                  (unsigned long long)options->max_runners);
    else
        fault_set(&fault, FAULT_out_of_memory, "no memory for this message");
    session_fault(session, &fault);
}

static int follow(struct session *session, const struct seed_message *message)
{
    struct shard *shard = session->shard;
    struct hub_follow follow = {
        .ids = message->ids,
        .count = message->id_count,
        .max_following = shard->options->max_follows,
        .snapshot = message->snapshot,
        .sets_pace = message->sets_pace,
        .pace_ms = message->pace_ms,
    };
    metrics_add(shard->metrics, METRIC_follow_messages_total, 1);
    int err = hub_follow(shard->hub, &session->follower, &follow, worker_now_ms(shard->worker));
    session_check_queue(session);
    return err;
}

static int publish(struct session *session, struct seed_message *message)
{
    message->position.time_is_arrival = true;
    return shard_publish(session->shard, &message->position);
}

static void on_text(struct session *session, struct span text)
{
    struct seed_limits limits = {.max_ids = session->shard->options->max_follows};
    struct seed_message *message = &session->shard->message;
    struct fault fault;
    if (seed_decode(text, &limits, message, &fault) < 0) {
        session_fault(session, &fault);
        return;
    }
    int err = message->kind == SEED_FOLLOW ? follow(session, message) : publish(session, message);
    if (err < 0)
        refuse(session, err);
}

static void on_message(struct session *session, enum ws_opcode opcode, struct span message)
{
    if (opcode == WS_TEXT) {
        on_text(session, message);
        return;
    }
    struct fault fault;
    fault_set(&fault, FAULT_binary_message, "a message is a text frame with a JSON object");
    session_fault(session, &fault);
}

static void on_open(struct session *session)
{
    session->follower.dialect = &seed_dialect;
}

static void on_writable(struct session *session)
{
    struct shard *shard = session->shard;
    hub_writable(shard->hub, &session->follower, worker_now_ms(shard->worker));
}

static void on_end(struct session *session)
{
    hub_leave(session->shard->hub, &session->follower);
}

const struct session_handler seed_session_handler = {
    .on_open = on_open,
    .on_message = on_message,
    .on_pong = on_pong,
    .on_writable = on_writable,
    .on_end = on_end,
};
