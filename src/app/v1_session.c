#include "app/v1_session.h"

#include <string.h>

#include "app/archive.h"
#include "app/rests.h"
#include "app/resume.h"
#include "app/session_access.h"
#include "app/session_act.h"
#include "app/session_phase.h"
#include "app/session_stream.h"
#include "app/shard.h"
#include "app/v1_dialect.h"
#include "app/v1_groups.h"
#include "app/v1_publish.h"
#include "app/v1_rate.h"
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

struct v1_state {
    struct v1_user user;     /* of positions that name none; `id.len` 0: none */
    struct v1_groups groups; /* that it follows */
    bool is_full;            /* it was told that there are more in them than it may follow */
    struct v1_rate rate;     /* in which it is to publish */
};

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

static const struct v1_request_id *request_id_of(const struct session *session)
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

static void say(struct session *session, int err, struct buf *text)
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
    say(session, v1_encode_welcome(&welcome, request_id_of(session), &text), &text);
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
        .id = request_id_of(session),
        .ids = ids,
        .id_count = count,
        .index = request != NULL ? request->index : V1_NO_INDEX,
    };
    say(session, v1_encode_error(&error, &text), &text);
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
    say(session, v1_encode_token(expires, expires_s(session), request_id_of(session), &text),
        &text);
}

/* What was asked is done, and the asker wants to know. */
static void acknowledge(struct session *session, enum v1_stored stored)
{
    struct buf text = {0};
    const struct v1_request_id *id = request_id_of(session);
    if (id != NULL && id->len > 0)
        say(session, v1_encode_ack(stored, id, &text), &text);
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
    say(session, v1_encode_reconnect(v1_session_reconnect_ms(session), &text), &text);
}

/* --- follow --------------------------------------------------------------------------------------------------------- */

void v1_session_tell_reset(struct session *session, enum v1_reset reason, struct span note)
{
    struct buf text = {0};
    struct v1_request_id id = {.len = (uint16_t)note.len};
    if (note.len > 0)
        memcpy(id.text, note.data, note.len);
    say(session, v1_encode_reset(reason, &id, &text), &text);
}

/*
 * Nobody was added, so the hub has nothing to say; but a follow is answered, by a snapshot with a cursor, or by positions that may be
 * followed by more. Who has not got all yet could not be told a cursor: it is shown all anew in place of a snapshot.
 */
static void say_nothing_new(struct session *session, bool is_snapshot)
{
    struct shard *shard = session->shard;
    struct buf frame = {0};
    const struct hub_dialect *dialect = session->follower.dialect;
    struct hub_seal seal = {.is_snapshot = is_snapshot};
    const uint64_t *applied = hub_applied(shard->hub, &seal.origins);
    bool is_settled = hub_is_settled(&session->follower);
    if (!is_settled && is_snapshot) {
        if (hub_owe_snapshot(shard->hub, &session->follower, worker_now_ms(shard->worker)) < 0)
            session->is_doomed = true;
        return;
    }
    seal.applied = is_settled ? applied : NULL;
    if (dialect->seal(dialect->context, &seal, span_of(NULL, 0), &frame) < 0)
        session->is_doomed = true;
    else
        session_write(session, buf_span(&frame));
    buf_fini(&frame);
}

/* A change of the pace alone makes the hub say where the session is. */
static bool is_answered_by_hub(const struct session *session, size_t followed, uint32_t pace_ms)
{
    size_t follows = hub_following(&session->follower);
    return follows > followed || (follows > 0 && session->follower.pace_ms != pace_ms);
}

static const struct runner_id *ids_of(const struct buf *ids, size_t *count)
{
    *count = ids->len / sizeof(struct runner_id);
    return (const struct runner_id *)(const void *)ids->data;
}

/* All that the message means to follow, of what is granted: those that it names, and who is in its groups now. */
static int find_wanted(struct session *session, const struct v1_message *message,
                       struct buf *wanted)
{
    struct span named =
        span_of(message->runners.items, message->runners.count * sizeof(struct runner_id));
    int err = v1_groups_add(&session->v1->groups, &message->groups);
    if (err == 0)
        err = v1_groups_members(session, &message->groups, wanted);
    return err == 0 ? buf_append(wanted, named) : err;
}

/* Of what is wanted, what it does not follow yet. */
static void keep_new(const struct session *session, struct buf *wanted)
{
    size_t count;
    struct runner_id *ids = (struct runner_id *)(void *)wanted->data;
    size_t kept = 0;
    (void)ids_of(wanted, &count);
    for (size_t i = 0; i < count; i++)
        if (!hub_follows(session->shard->hub, &session->follower, &ids[i]))
            ids[kept++] = ids[i];
    wanted->len = kept * sizeof *ids;
}

/*
 * It is acknowledged once it is known to be done, and what is new comes behind that: so the hub is held meanwhile. What is said may close
 * a session that does not read: it is looked at after each.
 */
static int follow_now(struct session *session, const struct v1_message *message,
                      const struct buf *wanted, bool snapshot)
{
    size_t followed = hub_following(&session->follower);
    uint32_t pace_ms = session->follower.pace_ms;
    struct hub_follow follow = {
        .snapshot = snapshot,
        .sets_pace = message->sets_pace,
        .pace_ms = message->pace_ms,
    };
    struct shard *shard = session->shard;
    follow.ids = ids_of(wanted, &follow.count);
    hub_hold(&session->follower, false);
    int err = act_follow(session, &follow);
    bool is_answered = is_answered_by_hub(session, followed, pace_ms);
    if (err < 0)
        act_refuse(session, err);
    else
        acknowledge(session, V1_STORED_NOT_SAID);
    hub_release(shard->hub, &session->follower, worker_now_ms(shard->worker));
    if (err == 0 && session->state == SESSION_OPEN && !is_answered)
        say_nothing_new(session, snapshot);
    return err;
}

/* There is nothing to resume, or more is asked for than it may follow: that is answered at once. */
static bool is_answered_at_once(const struct session *session, const struct resume_request *request)
{
    return request->count == 0 ||
           hub_following(&session->follower) + request->count > act_max_follows(session);
}

static int follow_since(struct session *session, const struct v1_message *message,
                        struct buf *wanted)
{
    const struct v1_request_id *id = request_id_of(session);
    enum v1_reset reason = V1_RESET_UNKNOWN_CURSOR;
    struct resume_request request = {
        .since = &message->cursor,
        .note = id != NULL ? span_of(id->text, id->len) : span_of(NULL, 0),
        .sets_pace = message->sets_pace,
        .pace_ms = message->pace_ms,
    };
    keep_new(session, wanted);
    request.ids = ids_of(wanted, &request.count);
    bool is_cursor = message->since == V1_SINCE_CURSOR;
    if (is_cursor && is_answered_at_once(session, &request))
        return follow_now(session, message, wanted, false);
    if (is_cursor && resume_begin(session, &request, &reason)) {
        acknowledge(session, V1_STORED_NOT_SAID);
        return 0;
    }
    v1_session_tell_reset(session, reason, request.note);
    return follow_now(session, message, wanted, true);
}

static int follow_wanted(struct session *session, const struct v1_message *message,
                         struct buf *wanted)
{
    return message->since == V1_SINCE_NOTHING ? follow_now(session, message, wanted, true)
                                              : follow_since(session, message, wanted);
}

void v1_session_follow(struct session *session, struct v1_message *message)
{
    struct denied denied = {.count = 0};
    struct buf wanted = {0};
    act_keep_granted(session, message->runners.items, &message->runners.count, &denied);
    act_tell_denied(session, &denied, "follow these");
    if (session->state != SESSION_OPEN)
        return; /* one fault too many */
    size_t groups = session->v1->groups.count;
    int err = find_wanted(session, message, &wanted);
    if (err < 0)
        act_refuse(session, err);
    else
        err = follow_wanted(session, message, &wanted);
    if (err < 0 && session->state == SESSION_OPEN)
        session->v1->groups.count = groups; /* without those that were added */
    if (message->groups.count > 0)
        rests_charge(session, hub_stats(session->shard->hub).runners);
    buf_fini(&wanted);
}

static void unfollow(struct session *session, const struct v1_message *message)
{
    struct hub *hub = session->shard->hub;
    uint64_t looked_at = hub_following(&session->follower);
    uint64_t moved = hub_stats(hub).moved;
    int err = v1_groups_leave(session, &session->v1->groups, &message->runners, &message->groups);
    if (err < 0)
        act_refuse(session, err);
    else
        acknowledge(session, V1_STORED_NOT_SAID);
    session_check_queue(session);
    rests_charge(session, looked_at + hub_stats(hub).moved - moved);
}

/* It has done nothing wrong: others appeared. */
static void tell_full(struct session *session)
{
    struct buf text = {0};
    struct fault fault;
    struct v1_error error = {.fault = &fault, .index = V1_NO_INDEX};
    if (session->v1->is_full)
        return;
    session->v1->is_full = true;
    fault_set(&fault, FAULT_too_many_follows,
              "there are more in your groups than the %llu you may follow",
              (unsigned long long)act_max_follows(session));
    say(session, v1_encode_error(&error, &text), &text);
}

/* `err`: what finding these members failed with. */
static void meet(struct session *session, int err, struct buf *members)
{
    struct shard *shard = session->shard;
    struct hub_follow follow = {.snapshot = true, .max_following = act_max_follows(session)};
    follow.ids = ids_of(members, &follow.count);
    if (err == 0 && follow.count > 0)
        err = hub_follow(shard->hub, &session->follower, &follow, worker_now_ms(shard->worker));
    session_check_queue(session);
    if (err == ERR_FULL && session->state == SESSION_OPEN)
        tell_full(session);
    else if (err < 0)
        session->is_doomed = true;
    buf_fini(members);
}

static bool meets_nobody(struct session *session)
{
    return session->state != SESSION_OPEN || session->v1->groups.count == 0 ||
           resume_delays_meeting(session);
}

void v1_session_meet(struct session *session, const struct runner_id *appeared, size_t count)
{
    struct buf members = {0};
    if (!meets_nobody(session))
        meet(session, v1_groups_among(session, appeared, count, &members), &members);
}

void v1_session_meet_all(struct session *session)
{
    struct buf members = {0};
    struct v1_names groups = {.items = session->v1->groups.names,
                              .count = session->v1->groups.count};
    if (!meets_nobody(session))
        meet(session, v1_groups_members(session, &groups, &members), &members);
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
        acknowledge(session, V1_STORED_NO);
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
        say(session, v1_encode_ack(V1_STORED_YES, &id, &text), &text);
        return;
    }
    struct v1_error error = {.fault = &fault, .id = &id, .index = V1_NO_INDEX};
    act_not_stored(session, err, &fault);
    say(session, v1_encode_error(&error, &text), &text);
}

static void on_sweep(struct session *session)
{
    v1_rate_look(session, &session->v1->rate);
}

static void publish(struct session *session, struct v1_message *message)
{
    size_t done = 0;
    if (!check_positions(session, message))
        return;
    if (message->position_count == 0) {
        acknowledge(session, session->shard->store != NULL ? V1_STORED_YES : V1_STORED_NO);
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
    say(session, v1_encode_pong(clock_wall_ms(), request_id_of(session), &text), &text);
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
        v1_session_follow(session, message);
        break;
    case V1_UNFOLLOW:
        unfollow(session, message);
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
