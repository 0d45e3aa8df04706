#include "app/seed_session.h"

#include <string.h>

#include "app/rests.h"
#include "app/session_access.h"
#include "app/shard.h"
#include "base/err.h"
#include "proto/seed.h"

#define DENIED_NAMED 100

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

/* One with another payload is the answer to a heartbeat, or to nothing. */
static bool on_pong(struct session *session, struct span payload)
{
    struct shard *shard = session->shard;
    uint32_t number = 0;
    if (payload.len != PROBE_NUMBER_BYTES)
        return false;
    for (size_t i = 0; i < PROBE_NUMBER_BYTES; i++)
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

/* Of one token there may be fewer than the server has it. */
static uint64_t max_follows(const struct session *session)
{
    uint64_t limit = session->shard->options->max_follows;
    uint64_t own = session->permit != NULL ? session->permit->pass->follows : 0;
    return own > 0 && own < limit ? own : limit;
}

static struct span id_span(const struct runner_id *id)
{
    return span_of(id->text, id->len);
}

static void refuse(struct session *session, int err)
{
    const struct options *options = session->shard->options;
    struct fault fault;
    if (err == ERR_FULL)
        fault_set(&fault, FAULT_too_many_follows, "a session follows at most %llu runners",
                  (unsigned long long)max_follows(session));
    else if (err == ERR_TOO_MANY)
        fault_set(&fault, FAULT_too_many_runners, "the server knows its %llu runners",
                  (unsigned long long)options->max_runners);
    else
        fault_set(&fault, FAULT_out_of_memory, "no memory for this message");
    session_fault(session, &fault);
}

/* The ids that a permit does not grant, as many as are named. */
struct denied {
    struct runner_id ids[DENIED_NAMED];
    size_t count;
};

static void deny(struct denied *denied, const struct runner_id *id)
{
    if (denied->count < DENIED_NAMED)
        denied->ids[denied->count] = *id;
    denied->count++;
}

/* The same whether there is such a runner or not. */
static void tell_denied(struct session *session, const struct denied *denied, const char *what)
{
    struct fault fault;
    size_t named = denied->count < DENIED_NAMED ? denied->count : DENIED_NAMED;
    if (denied->count == 0)
        return;
    fault_set(&fault, FAULT_not_allowed, "the token does not allow to %s; ids of it: %zu", what,
              denied->count);
    session_fault_of_ids(session, &fault, denied->ids, named);
}

/* What is granted stays, in order. */
static void keep_granted(const struct session *session, struct seed_message *message,
                         struct denied *denied)
{
    const struct pass *pass = session->permit->pass;
    size_t kept = 0;
    for (size_t i = 0; i < message->id_count; i++) {
        const struct runner_id *id = &message->ids[i];
        if (pass_may_follow(pass, id_span(id)))
            message->ids[kept++] = *id;
        else
            deny(denied, id);
    }
    message->id_count = kept;
}

/* Its own id has no effect in a follow message; but it is not to be somebody else's. */
static void check_own_id(struct session *session, const struct runner_id *user)
{
    struct denied denied = {.count = 0};
    if (user->len > 0 && !pass_may_publish(session->permit->pass, id_span(user)))
        deny(&denied, user);
    tell_denied(session, &denied, "be this userId");
}

static void check_follow(struct session *session, struct seed_message *message)
{
    struct denied denied = {.count = 0};
    if (session->permit == NULL)
        return;
    keep_granted(session, message, &denied);
    tell_denied(session, &denied, "follow these");
    check_own_id(session, &message->user);
}

static int follow(struct session *session, struct seed_message *message)
{
    struct shard *shard = session->shard;
    check_follow(session, message);
    if (session->state != SESSION_OPEN)
        return 0; /* one fault too many */
    struct hub_follow follow = {
        .ids = message->ids,
        .count = message->id_count,
        .max_following = max_follows(session),
        .snapshot = message->snapshot,
        .sets_pace = message->sets_pace,
        .pace_ms = message->pace_ms,
    };
    metrics_add(shard->metrics, METRIC_follow_messages_total, 1);
    uint64_t moved = hub_stats(shard->hub).moved;
    int err = hub_follow(shard->hub, &session->follower, &follow, worker_now_ms(shard->worker));
    session_check_queue(session);
    rests_charge(session, hub_stats(shard->hub).moved - moved);
    return err;
}

static bool may_publish(struct session *session, const struct runner_id *id)
{
    struct denied denied = {.count = 0};
    if (session->permit == NULL || pass_may_publish(session->permit->pass, id_span(id)))
        return true;
    deny(&denied, id);
    tell_denied(session, &denied, "publish as this userId");
    return false;
}

static int publish(struct session *session, struct seed_message *message)
{
    if (!may_publish(session, &message->position.runner))
        return 0;
    message->position.time_is_arrival = true;
    return shard_publish(session->shard, &message->position);
}

static void act(struct session *session, struct seed_message *message)
{
    int err = message->kind == SEED_FOLLOW ? follow(session, message) : publish(session, message);
    if (err < 0)
        refuse(session, err);
}

static void on_text(struct session *session, struct span text)
{
    struct seed_limits limits = {.max_ids = session->shard->options->max_follows};
    struct seed_message *message = &session->shard->message;
    struct fault fault;
    int err = seed_decode(text, &limits, message, &fault);
    if (err == 0 && message->kind == SEED_TOKEN)
        session_show_token(session, buf_span(&message->token), text);
    else if (session_lacks_permit(session))
        session_need_token(session);
    else if (err < 0)
        session_fault(session, &fault);
    else
        act(session, message);
}

static void on_message(struct session *session, enum ws_opcode opcode, struct span message)
{
    if (opcode == WS_TEXT) {
        on_text(session, message);
        return;
    }
    if (session_lacks_permit(session)) {
        session_need_token(session);
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
