/* How many messages and requests a session may send. */
#include "app/session_phase.h"

#include "app/admission.h"
#include "app/shard.h"

/* Messages a second of this session alone: the server's limit, or its token's where that is lower. 0: no limit. */
static uint64_t rate_of(const struct session *session)
{
    uint64_t rate = session->shard->options->max_messages_per_second;
    uint64_t own = session->permit != NULL ? session->permit->pass->rate : 0;
    return own > 0 && (rate == 0 || own < rate) ? own : rate;
}

/* All sessions with the same token share what it may send. */
static bool token_takes_message(const struct session *session)
{
    struct shard *shard = session->shard;
    return session->permit == NULL ||
           access_takes_message(shard->access, session->permit, worker_now_ms(shard->worker));
}

/* Refill the bucket and take one out; false when there is none. */
static bool takes_message_token(struct session *session)
{
    uint64_t rate = rate_of(session);
    if (rate == 0)
        return true;
    uint32_t now_ms = session_now_ms(session);
    uint64_t gained = (uint64_t)(now_ms - session->refilled_ms) * rate / 1000;
    if (gained > 0) {
        uint64_t tokens = session->message_tokens + gained;
        session->message_tokens = (uint32_t)(tokens < rate ? tokens : rate);
        if (tokens < rate)
            session->refilled_ms += (uint32_t)(gained * 1000 / rate);
        else
            session->refilled_ms = now_ms;
    }
    if (session->message_tokens > rate)
        session->message_tokens = (uint32_t)rate;
    if (session->message_tokens == 0)
        return false;
    session->message_tokens--;
    return true;
}

/* What one limit refuses is not charged to the next. */
bool session_takes_message(struct session *session, struct fault *fault)
{
    struct shard *shard = session->shard;
    if (takes_message_token(session) && token_takes_message(session))
        return admission_takes_message(shard->admission, &session->client,
                                       worker_now_ms(shard->worker), fault);
    fault_set(fault, FAULT_too_many_messages, "more messages in a second than may be");
    return false;
}
