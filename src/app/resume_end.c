/* How a resume ends: what is left to do for its session, and what a reset is. */
#include "app/resume_state.h"

#include <utlist.h>

#include "app/session_access.h"
#include "app/session_act.h"
#include "app/session_phase.h"
#include "app/shard.h"
#include "app/v1_follow.h"
#include "base/check.h"
#include "base/mem.h"

void resume_set_bytes(struct resume *resume, size_t bytes)
{
    resume->home->bytes += bytes - resume->bytes;
    resume->bytes = bytes;
}

void resume_free(struct resume *resume)
{
    resume_set_bytes(resume, 0);
    missed_fini(&resume->missed);
    buf_fini(&resume->note);
    buf_fini(&resume->message);
    mem_free(resume);
}

uint64_t resumes_now_ms(const struct resumes *resumes)
{
    return worker_now_ms(resumes->shard->worker);
}

void resumes_count_outcome(const struct resumes *resumes, enum resume_outcome outcome)
{
    metrics_add_labelled(resumes->shard->metrics, METRIC_resumes_total, outcome, 1);
}

/* --- lists ---------------------------------------------------------------------------------------------------------- */

static void leave_list(struct resume *resume)
{
    struct resumes *home = resume->home;
    if (resume->state == WAITS) {
        DL_DELETE(home->waiting, resume);
        home->waiting_count--;
    } else if (resume->state == SENDING) {
        DL_DELETE(home->sending, resume);
        home->sending_count--;
    }
}

void resume_enter(struct resume *resume, enum resume_state state)
{
    struct resumes *home = resume->home;
    leave_list(resume);
    resume->state = (uint8_t)state;
    resume->since_ms = resumes_now_ms(home);
    if (state == WAITS) {
        DL_APPEND(home->waiting, resume);
        home->waiting_count++;
    } else if (state == SENDING) {
        DL_APPEND(home->sending, resume);
        home->sending_count++;
    }
}

/* --- the end -------------------------------------------------------------------------------------------------------- */

/* From here on the session resumes no more. What the store has is freed when it comes back. */
struct remains resume_part(struct resume *resume)
{
    struct remains remains = {
        .session = resume->session,
        .note = resume->note,
        .message = resume->message,
        .delays_meeting = resume->delays_meeting,
        .follows = resume->state != WAITS,
    };
    resume->note = resume->message = (struct buf){0};
    resume->session->resume = NULL;
    resume->session = NULL;
    if (resume->state == WAITS || resume->state == SENDING) {
        leave_list(resume);
        resume_free(resume);
    }
    return remains;
}

/* The live stream goes on, and the session is listened to again; what it says may begin another resume, or end it. */
void resume_go_on(struct remains *remains)
{
    struct session *session = remains->session;
    struct shard *shard = session->shard;
    struct parked_bytes bytes = {.message = remains->message};
    hub_release(shard->hub, &session->follower, worker_now_ms(shard->worker));
    if (session->state == SESSION_OPEN) {
        CHECK(session_awaited(shard, session->id, &bytes.rest) == session);
        if (remains->delays_meeting)
            v1_meet_all(session);
        if (session->is_stopped)
            session_resume(session, &bytes);
    }
    buf_fini(&remains->note);
    buf_fini(&bytes.message);
    buf_fini(&bytes.rest);
}

int resume_follow_now(struct resume *resume, bool snapshot)
{
    struct session *session = resume->session;
    struct denied denied = {.count = 0};
    struct missed *missed = &resume->missed;
    act_keep_granted(session, missed->ids, &missed->count, &denied);
    struct hub_follow follow = {
        .ids = missed->ids,
        .count = missed->count,
        .snapshot = snapshot,
        .sets_pace = resume->sets_pace,
        .pace_ms = resume->pace_ms,
    };
    return act_follow(session, &follow);
}

void resume_refuse(struct session *session, int err)
{
    if (err < 0 && session->state == SESSION_OPEN)
        act_refuse(session, err);
}

/* Tell why, and the newest of each instead. What is said may end the session, which then resumes no more. */
void resume_reset(struct session *session, enum v1_reset reason)
{
    static const enum resume_outcome outcomes[] = {
        [V1_RESET_UNKNOWN_CURSOR] = RESUME_unknown_cursor,
        [V1_RESET_TOO_MUCH] = RESUME_too_much,
        [V1_RESET_NOT_KEPT] = RESUME_not_kept,
    };
    struct shard *shard = session->shard;
    struct resume *resume = session->resume;
    resumes_count_outcome(resume->home, outcomes[reason]);
    session_handler_of(session)->tell_reset(session, reason, buf_span(&resume->note));
    if (session->resume == NULL)
        return;
    if (resume->state == WAITS)
        resume_refuse(session, resume_follow_now(resume, true));
    else if (hub_owe_snapshot(shard->hub, &session->follower, worker_now_ms(shard->worker)) < 0)
        session->is_doomed = true;
    if (session->resume == NULL)
        return;
    struct remains remains = resume_part(resume);
    resume_go_on(&remains);
}

void resume_end(struct session *session)
{
    if (session->resume == NULL)
        return;
    resumes_count_outcome(session->resume->home, RESUME_ended);
    struct remains remains = resume_part(session->resume);
    buf_fini(&remains.note);
    buf_fini(&remains.message);
}

void resume_give_up(struct session *session)
{
    if (session->resume != NULL && session->resume->state != WAITS)
        resume_reset(session, V1_RESET_NOT_KEPT);
}
