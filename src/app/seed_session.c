#include "app/seed_session.h"

#include "app/session_access.h"
#include "app/session_act.h"
#include "app/session_stream.h"
#include "app/shard.h"
#include "base/err.h"
#include "codec/ws_probe.h"
#include "proto/seed.h"

static const struct hub_dialect seed_dialect = {
    .encode = seed_encode_frame,
    .write_probe = ws_probe_write,
};

/* --- messages ------------------------------------------------------------------------------------------------------- */

static void check_follow(struct session *session, struct seed_message *message)
{
    struct denied denied = {.count = 0};
    act_keep_granted(session, message->ids, &message->id_count, &denied);
    act_tell_denied(session, &denied, "follow these");
    denied.count = 0;
    /* Its own id has no effect in a follow message; but it is not to be somebody else's. */
    if (message->user.len > 0 && !act_may_publish(session, &message->user))
        act_deny(&denied, &message->user);
    act_tell_denied(session, &denied, "be this userId");
}

static int follow(struct session *session, struct seed_message *message)
{
    check_follow(session, message);
    if (session->state != SESSION_OPEN)
        return 0; /* one fault too many */
    struct hub_follow follow = {
        .ids = message->ids,
        .count = message->id_count,
        .snapshot = message->snapshot,
        .sets_pace = message->sets_pace,
        .pace_ms = message->pace_ms,
    };
    return act_follow(session, &follow);
}

static int publish(struct session *session, struct seed_message *message)
{
    struct denied denied = {.count = 0};
    if (!act_may_publish(session, &message->position.runner)) {
        act_deny(&denied, &message->position.runner);
        act_tell_denied(session, &denied, "publish as this userId");
        return 0;
    }
    message->position.time_is_arrival = true;
    size_t done;
    return shard_publish(session->shard, &message->position, 1, &done);
}

static void act(struct session *session, struct seed_message *message)
{
    int err = message->kind == SEED_FOLLOW ? follow(session, message) : publish(session, message);
    if (err < 0)
        act_refuse(session, err);
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

/* --- what it says --------------------------------------------------------------------------------------------------- */

static void say(struct session *session, int err, struct buf *text)
{
    if (err < 0)
        session->is_doomed = true;
    else if (session->state == SESSION_OPEN)
        session_send(session, WS_TEXT, buf_span(text));
    buf_fini(text);
}

void seed_session_tell(struct session *session, const struct fault *fault,
                       const struct runner_id *ids, size_t count)
{
    struct buf text = {0};
    int err =
        count > 0 ? seed_encode_refusal(fault, ids, count, &text) : seed_encode_fault(fault, &text);
    say(session, err, &text);
}

void seed_session_tell_expiry(struct session *session)
{
    struct buf text = {0};
    const struct permit *permit = session->permit;
    int64_t expires_s = permit != NULL ? permit->pass->expires_s : PASS_WITHOUT_EXPIRY;
    say(session, seed_encode_welcome(expires_s != PASS_WITHOUT_EXPIRY, expires_s, &text), &text);
}

static void on_open(struct session *session)
{
    session->follower.dialect = &seed_dialect;
}

const struct session_handler seed_session_handler = {
    .on_open = on_open,
    .on_message = on_message,
    .on_pong = stream_on_pong,
    .on_writable = stream_on_writable,
    .on_end = stream_on_end,
    .tell = seed_session_tell,
    .tell_expiry = seed_session_tell_expiry,
};
