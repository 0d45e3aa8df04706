#include "app/v1_rate.h"

#include "app/interest.h"
#include "app/session_phase.h"
#include "app/shard.h"
#include "proto/v1_answer.h"

/* A spectator that loads its page anew is gone for a moment. */
#define PATIENCE_MS 10000

static bool is_followed(const struct session *session, struct v1_rate *rate)
{
    uint32_t now_ms = session_now_ms(session);
    if (interest_is_in(session->shard->interest, &rate->user.id)) {
        rate->followed_ms = now_ms;
        return true;
    }
    bool was_told_so = rate->told_ms == session->shard->options->publish_every_ms;
    return was_told_so && now_ms - rate->followed_ms < PATIENCE_MS;
}

void v1_rate_look(struct session *session, struct v1_rate *rate)
{
    const struct options *options = session->shard->options;
    struct buf text = {0};
    if (rate->user.id.len == 0 || session->state != SESSION_OPEN)
        return;
    uint64_t every_ms = is_followed(session, rate) ? options->publish_every_ms
                                                   : options->publish_every_unfollowed_ms;
    if (every_ms == 0 || every_ms == rate->told_ms)
        return;
    rate->told_ms = every_ms;
    if (v1_encode_rate(&rate->user, every_ms, &text) < 0)
        session->is_doomed = true;
    else
        session_send(session, WS_TEXT, buf_span(&text));
    buf_fini(&text);
}

void v1_rate_begin(struct session *session, struct v1_rate *rate, const struct v1_user *user)
{
    if (rate->user.id.len > 0)
        return;
    rate->user = *user;
    v1_rate_look(session, rate);
}
