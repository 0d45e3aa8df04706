#include "app/v1_session.h"

#include <string.h>

#include "app/archive.h"
#include "app/resume.h"
#include "app/session_access.h"
#include "app/session_act.h"
#include "app/session_phase.h"
#include "app/session_stream.h"
#include "app/shard.h"
#include "app/v1_dialect.h"
#include "app/v1_follow.h"
#include "app/v1_publish.h"
#include "app/v1_state.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "codec/ws_extension.h"
#include "proto/sse.h"
#include "proto/v1.h"
#include "proto/v1_answer.h"
#include "proto/v1_live.h"

#define RECONNECT_MIN_MS 500
#define RECONNECT_MAX_MS 10000
#define POSITIONS_PER_MESSAGE 1000

const struct v1_groups *v1_session_groups(const struct session *session)
{
    return &session->v1->groups;
}

/* --- what it says --------------------------------------------------------------------------------------------------- */

/* The request that is being dealt with. NULL: what is said is no answer to one. */
static const struct v1_message *request_of(const struct session *session)
{
    const struct shard *shard = session->shard;
    return shard->v1_asking == session ? &shard->v1_message : NULL;
}

const struct v1_request_id *v1_request_id_of(const struct session *session)
{
    const struct v1_message *request = request_of(session);
    return request != NULL ? &request->id : NULL;
}

static void say_event(struct session *session, struct span text)
{
    struct buf event = {0};
    if (sse_encode_message(text, &event) < 0)
        session->is_doomed = true;
    else
        session_write(session, buf_span(&event));
    buf_fini(&event);
}

void v1_say(struct session *session, int err, struct buf *text)
{
    if (err < 0)
        session->is_doomed = true;
    else if (session->state == SESSION_OPEN && session->dialect == DIALECT_SSE)
        say_event(session, buf_span(text));
    else if (session->state == SESSION_OPEN)
        session_send(session, WS_TEXT, buf_span(text));
    buf_fini(text);
}

static int64_t expires_s(const struct session *session)
{
    return session->permit != NULL ? session->permit->pass->expires_s : PASS_WITHOUT_EXPIRY;
}

static void begin_rate(struct session *session, const struct v1_user *user)
{
    if (user->id.len > 0 && act_may_publish(session, &user->id))
        v1_rate_begin(session, &session->v1->rate, user);
}

static void welcome(struct session *session)
{
    const struct options *options = session->shard->options;
    struct buf text = {0};
    struct v1_welcome welcome = {
        .version = SPECTATE_VERSION,
        .time_ms = clock_wall_ms(),
        .ping_interval_ms = options->heartbeat_interval_ms,
        .has_store = session->shard->store != NULL,
        .message_bytes = options->max_message_bytes,
        .messages_per_second = options->max_messages_per_second,
        .follows = act_max_follows(session),
        .positions_per_message = POSITIONS_PER_MESSAGE,
        .stale_ms = options->stale_time_ms,
        .lost_ms = options->lost_time_ms,
        .reconnect_min_ms = RECONNECT_MIN_MS,
        .reconnect_max_ms = RECONNECT_MAX_MS,
        .expires = expires_s(session) != PASS_WITHOUT_EXPIRY,
        .expires_s = expires_s(session),
    };
    v1_say(session, v1_encode_welcome(&welcome, v1_request_id_of(session), &text), &text);
    if (session->state == SESSION_OPEN)
        begin_rate(session, &session->v1->user);
}

void v1_session_tell(struct session *session, const struct fault *fault,
                     const struct runner_id *ids, size_t count)
{
    const struct v1_message *request = request_of(session);
    struct buf text = {0};
    struct v1_error error = {
        .fault = fault,
        .id = v1_request_id_of(session),
        .ids = ids,
        .id_count = count,
        .index = request != NULL ? request->index : V1_NO_INDEX,
    };
    v1_say(session, v1_encode_error(&error, &text), &text);
}

/* A token was accepted, which a hello or a token message brought; or what it grants has changed. */
void v1_session_tell_expiry(struct session *session)
{
    const struct v1_message *request = request_of(session);
    struct buf text = {0};
    if (request != NULL && request->kind == V1_HELLO) {
        welcome(session);
        return;
    }
    bool expires = expires_s(session) != PASS_WITHOUT_EXPIRY;
    v1_say(session, v1_encode_token(expires, expires_s(session), v1_request_id_of(session), &text),
           &text);
}

void v1_acknowledge(struct session *session, enum v1_stored stored)
{
    struct buf text = {0};
    const struct v1_request_id *id = v1_request_id_of(session);
    if (id != NULL && id->len > 0)
        v1_say(session, v1_encode_ack(stored, id, &text), &text);
}

/* Spread over the sessions. */
uint64_t v1_session_share(const struct session *session, uint64_t span)
{
    return session->id * UINT64_C(2654435761) % span;
}

/* Not all at once when the server comes back. */
uint64_t v1_session_reconnect_ms(const struct session *session)
{
    return RECONNECT_MIN_MS + v1_session_share(session, RECONNECT_MAX_MS - RECONNECT_MIN_MS);
}

void v1_session_tell_shutdown(struct session *session)
{
    struct buf text = {0};
    v1_say(session, v1_encode_reconnect(v1_session_reconnect_ms(session), &text), &text);
}

void v1_session_tell_reset(struct session *session, enum v1_reset reason, struct span note)
{
    struct buf text = {0};
    struct v1_request_id id = {.len = (uint16_t)note.len};
    if (note.len > 0)
        memcpy(id.text, note.data, note.len);
    v1_say(session, v1_encode_reset(reason, &id, &text), &text);
}

/* --- publish -------------------------------------------------------------------------------------------------------- */

static bool check_positions(struct session *session, struct v1_message *message)
{
    struct denied denied = {.count = 0};
    struct fault fault;
    if (v1_check_positions(session, message, &denied, &fault) == 0)
        return true;
    if (denied.count > 0)
        act_tell_denied(session, &denied, V1_PUBLISH);
    else
        session_fault(session, &fault);
    return false;
}

/* Once they are on disk: on_stored(). Without a store that is as it will be. */
static void await_word(struct session *session, const struct v1_request_id *id)
{
    struct archive *archive = session->shard->archive;
    if (archive == NULL) {
        v1_acknowledge(session, V1_STORED_NO);
        return;
    }
    if (id->len > 0 && (archive_want_word(archive, session->id, span_of(id->text, id->len)) < 0 ||
                        session_await(session) < 0))
        act_refuse(session, ERR_NO_MEMORY);
}

static void on_stored(struct session *session, struct span note, int err)
{
    struct v1_request_id id = {.len = (uint16_t)note.len};
    struct buf text = {0};
    struct fault fault;
    (void)session_awaited(session->shard, session->id, NULL);
    memcpy(id.text, note.data, note.len);
    if (err == 0) {
        v1_say(session, v1_encode_ack(V1_STORED_YES, &id, &text), &text);
        return;
    }
    struct v1_error error = {.fault = &fault, .id = &id, .index = V1_NO_INDEX};
    act_not_stored(session, err, &fault);
    v1_say(session, v1_encode_error(&error, &text), &text);
}

/* Whether a runner is followed is not for who may not publish as it any more. */
static void on_sweep(struct session *session)
{
    struct v1_rate *rate = &session->v1->rate;
    if (rate->user.id.len > 0 && !act_may_publish(session, &rate->user.id))
        *rate = (struct v1_rate){.told_ms = 0};
    v1_rate_look(session, rate);
}

static void publish(struct session *session, struct v1_message *message)
{
    size_t done = 0;
    if (!check_positions(session, message))
        return;
    if (message->position_count == 0) {
        v1_acknowledge(session, session->shard->store != NULL ? V1_STORED_YES : V1_STORED_NO);
        return;
    }
    struct v1_user user = {.id = message->positions[0].runner,
                           .is_number = message->positions[0].runner_is_number};
    int err = shard_publish(session->shard, message->positions, message->position_count, &done);
    if (err == 0)
        await_word(session, &message->id);
    if (err == 0 && session->state == SESSION_OPEN)
        begin_rate(session, &user);
    if (err < 0) {
        message->index = done;
        act_refuse(session, err);
    }
}

/* --- messages ------------------------------------------------------------------------------------------------------- */

static void pong(struct session *session)
{
    struct buf text = {0};
    v1_say(session, v1_encode_pong(clock_wall_ms(), v1_request_id_of(session), &text), &text);
}

static void hello(struct session *session, const struct v1_message *message, struct span text)
{
    session->v1->user = message->user;
    if (message->token.len > 0)
        session_show_token(session, buf_span(&message->token), text);
    else if (session_lacks_permit(session))
        session_need_token(session);
    else
        welcome(session);
}

static void act(struct session *session, struct v1_message *message, struct span text)
{
    switch (message->kind) {
    case V1_HELLO:
        hello(session, message, text);
        break;
    case V1_FOLLOW:
        v1_follow(session, message);
        break;
    case V1_UNFOLLOW:
        v1_unfollow(session, message);
        break;
    case V1_POSITION:
    case V1_POSITIONS:
        publish(session, message);
        break;
    case V1_TOKEN:
        session_show_token(session, buf_span(&message->token), text);
        break;
    case V1_PING:
        pong(session);
        break;
    }
}

static void on_text(struct session *session, struct span text)
{
    struct v1_message *message = &session->shard->v1_message;
    struct v1_limits limits = {
        .max_names = session->shard->options->max_follows,
        .max_positions = POSITIONS_PER_MESSAGE,
        .publishes = session->v1->user.id.len > 0 ? &session->v1->user : NULL,
    };
    struct fault fault;
    int err = v1_decode(text, &limits, message, &fault);
    bool shows_token = err == 0 && (message->kind == V1_HELLO || message->kind == V1_TOKEN);
    if (!shows_token && session_lacks_permit(session))
        session_need_token(session);
    else if (err < 0)
        session_fault(session, &fault);
    else
        act(session, message, text);
}

static void on_message(struct session *session, enum ws_opcode opcode, struct span message)
{
    struct shard *shard = session->shard;
    struct fault fault;
    if (opcode == WS_TEXT) {
        if (resume_keeps(session, message))
            return;
        shard->v1_asking = session;
        on_text(session, message);
        shard->v1_asking = NULL;
        return;
    }
    if (session_lacks_permit(session)) {
        session_need_token(session);
        return;
    }
    fault_set(&fault, FAULT_binary_message, "a message is a text frame with a JSON object");
    session_fault(session, &fault);
}

static const struct hub_dialect *dialect_of(const struct session *session)
{
    return session->window_bits == WS_WINDOW_BITS_MAX ? &session->shard->v1_compressed.dialect
                                                      : &v1_dialect;
}

bool v1_session_begin(struct session *session)
{
    session->v1 = mem_try(sizeof *session->v1);
    if (session->v1 == NULL)
        session_close(session, CLOSE_out_of_memory);
    return session->v1 != NULL;
}

static void on_open(struct session *session)
{
    session->follower.dialect = dialect_of(session);
    if (v1_session_begin(session) && !session_lacks_permit(session))
        welcome(session);
}

void v1_session_end(struct session *session)
{
    stream_on_end(session);
    if (session->v1 != NULL)
        v1_groups_fini(&session->v1->groups);
    mem_free(session->v1);
    session->v1 = NULL;
}

const struct session_handler v1_session_handler = {
    .on_open = on_open,
    .on_message = on_message,
    .on_pong = stream_on_pong,
    .on_writable = stream_on_writable,
    .on_end = v1_session_end,
    .tell = v1_session_tell,
    .tell_expiry = v1_session_tell_expiry,
    .on_sweep = on_sweep,
    .on_stored = on_stored,
    .tell_reset = v1_session_tell_reset,
    .tell_shutdown = v1_session_tell_shutdown,
};
