#include "app/v1_follow.h"

#include "app/rests.h"
#include "app/resume.h"
#include "app/session_act.h"
#include "app/session_phase.h"
#include "app/shard.h"
#include "app/v1_groups.h"
#include "app/v1_session.h"
#include "app/v1_state.h"
#include "base/err.h"
#include "proto/v1_answer.h"

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
        v1_acknowledge(session, V1_STORED_NOT_SAID);
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
    const struct v1_request_id *id = v1_request_id_of(session);
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
        v1_acknowledge(session, V1_STORED_NOT_SAID);
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

void v1_follow(struct session *session, struct v1_message *message)
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

void v1_unfollow(struct session *session, const struct v1_message *message)
{
    struct hub *hub = session->shard->hub;
    uint64_t looked_at = hub_following(&session->follower);
    uint64_t moved = hub_stats(hub).moved;
    int err = v1_groups_leave(session, &session->v1->groups, &message->runners, &message->groups);
    if (err < 0)
        act_refuse(session, err);
    else
        v1_acknowledge(session, V1_STORED_NOT_SAID);
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
    v1_say(session, v1_encode_error(&error, &text), &text);
}

/* `err`: what finding these members failed with. */
static void follow_members(struct session *session, int err, struct buf *members)
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

void v1_meet(struct session *session, const struct runner_id *appeared, size_t count)
{
    struct buf members = {0};
    if (!meets_nobody(session))
        follow_members(session, v1_groups_among(session, appeared, count, &members), &members);
}

void v1_meet_all(struct session *session)
{
    struct buf members = {0};
    struct v1_names groups = {.items = session->v1->groups.names,
                              .count = session->v1->groups.count};
    if (!meets_nobody(session))
        follow_members(session, v1_groups_members(session, &groups, &members), &members);
}
