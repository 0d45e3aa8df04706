#include "app/session_act.h"

#include "app/access.h"
#include "app/rests.h"
#include "app/session_access.h"
#include "app/session_phase.h"
#include "app/shard.h"
#include "base/err.h"

void act_deny(struct denied *denied, const struct runner_id *id)
{
    if (denied->count < ACT_DENIED_NAMED)
        denied->ids[denied->count] = *id;
    denied->count++;
}

size_t act_denied_named(const struct denied *denied)
{
    return denied->count < ACT_DENIED_NAMED ? denied->count : ACT_DENIED_NAMED;
}

void act_explain_denied(const struct denied *denied, const char *what, struct fault *fault)
{
    fault_set(fault, FAULT_not_allowed, "the token does not allow to %s; ids of it: %zu", what,
              denied->count);
}

void act_tell_denied(struct session *session, const struct denied *denied, const char *what)
{
    struct fault fault;
    if (denied->count == 0)
        return;
    act_explain_denied(denied, what, &fault);
    session_fault_of_ids(session, &fault, denied->ids, act_denied_named(denied));
}

bool act_may_all(const struct session *session)
{
    return session->permit == NULL && !session_lacks_permit(session);
}

bool act_may_follow(const struct session *session, const struct runner_id *id)
{
    if (session->permit == NULL)
        return act_may_all(session);
    return pass_may_follow(session->permit->pass, span_of(id->text, id->len));
}

bool act_may_publish(const struct session *session, const struct runner_id *id)
{
    if (session->permit == NULL)
        return act_may_all(session);
    return pass_may_publish(session->permit->pass, span_of(id->text, id->len));
}

void act_keep_granted(const struct session *session, struct runner_id *ids, size_t *count,
                      struct denied *denied)
{
    size_t kept = 0;
    if (act_may_all(session))
        return;
    for (size_t i = 0; i < *count; i++) {
        if (act_may_follow(session, &ids[i]))
            ids[kept++] = ids[i];
        else
            act_deny(denied, &ids[i]);
    }
    *count = kept;
}

uint64_t act_max_follows(const struct session *session)
{
    uint64_t limit = session->shard->options->max_follows;
    uint64_t own = session->permit != NULL ? session->permit->pass->follows : 0;
    return own > 0 && own < limit ? own : limit;
}

int act_follow(struct session *session, struct hub_follow *follow)
{
    struct shard *shard = session->shard;
    follow->max_following = act_max_follows(session);
    metrics_add(shard->metrics, METRIC_follow_messages_total, 1);
    uint64_t moved = hub_stats(shard->hub).moved;
    int err = hub_follow(shard->hub, &session->follower, follow, worker_now_ms(shard->worker));
    session_check_queue(session);
    rests_charge(session, hub_stats(shard->hub).moved - moved);
    return err;
}

void act_explain(const struct session *session, int err, struct fault *fault)
{
    const struct options *options = session->shard->options;
    if (err == ERR_FULL)
        fault_set(fault, FAULT_too_many_follows, "a session follows at most %llu runners",
                  (unsigned long long)act_max_follows(session));
    else if (err == ERR_TOO_MANY)
        fault_set(fault, FAULT_too_many_runners, "the server knows its %llu runners",
                  (unsigned long long)options->max_runners);
    else
        fault_set(fault, FAULT_out_of_memory, "no memory for this message");
}

void act_refuse(struct session *session, int err)
{
    struct fault fault;
    act_explain(session, err, &fault);
    session_fault(session, &fault);
}

void act_explain_not_stored(int err, struct fault *fault)
{
    fault_set(fault, FAULT_not_stored, "%s: followers saw it; send it again to have it kept",
              err == ERR_FULL ? "more waits to be stored than may" : "the disk did not take it");
}

void act_not_stored(struct session *session, int err, struct fault *fault)
{
    act_explain_not_stored(err, fault);
    session_count_fault(session, FAULT_not_stored);
}
