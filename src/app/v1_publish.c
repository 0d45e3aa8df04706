#include "app/v1_publish.h"

#include "app/shard.h"
#include "base/clock.h"
#include "base/err.h"
#include "proto/fix_time.h"

static int check_time(struct position *position, int64_t now_ms, struct fault *fault)
{
    if (position->time_is_arrival)
        return 0;
    enum fix_time judgement = fix_time_judge(&position->time_ms, now_ms);
    if (judgement == FIX_TIME_REFUSED) {
        fault_set(fault, FAULT_bad_time, "time: in the future, or before 2005");
        return ERR_INVALID;
    }
    position->time_is_arrival = judgement == FIX_TIME_CLAMPED;
    return 0;
}

/* At most so many; those that are next to each other count once. */
static size_t count_new_runners(const struct session *session, const struct v1_message *message)
{
    struct position ignored;
    size_t count = 0;
    for (size_t i = 0; i < message->position_count; i++) {
        const struct runner_id *id = &message->positions[i].runner;
        const struct runner_id *before = i > 0 ? &message->positions[i - 1].runner : NULL;
        bool is_same = before != NULL && before->len == id->len &&
                       memcmp(before->text, id->text, id->len) == 0;
        count += !is_same && !hub_newest(session->shard->hub, id, &ignored);
    }
    return count;
}

/* The hub would refuse the first that is too many when those before it are published. */
static int check_room(const struct session *session, const struct v1_message *message,
                      struct fault *fault)
{
    const struct shard *shard = session->shard;
    size_t known = hub_stats(shard->hub).runners;
    if (message->position_count < 2 ||
        known + message->position_count <= shard->options->max_runners ||
        known + count_new_runners(session, message) <= shard->options->max_runners)
        return 0;
    act_explain(session, ERR_TOO_MANY, fault);
    return ERR_INVALID;
}

int v1_check_positions(const struct session *session, struct v1_message *message,
                       struct denied *denied, struct fault *fault)
{
    int64_t now_ms = clock_wall_ms();
    for (size_t i = 0; i < message->position_count; i++) {
        struct position *position = &message->positions[i];
        if (!act_may_publish(session, &position->runner))
            act_deny(denied, &position->runner);
        if (check_time(position, now_ms, fault) == 0)
            continue;
        message->index = i;
        denied->count = 0;
        return ERR_INVALID;
    }
    return denied->count > 0 ? ERR_INVALID : check_room(session, message, fault);
}
