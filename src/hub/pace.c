#include "hub/pace.h"

#include <stdlib.h>

#include "base/err.h"
#include "hub/framing.h"
#include "hub/status.h"

/* When it last changed: a position or, after that, its status. */
static uint64_t changed_at(const struct runner *runner)
{
    return runner->version > runner->status_version ? runner->version : runner->status_version;
}

static int by_change(const void *a, const void *b)
{
    uint64_t left = changed_at(*(struct runner *const *)a);
    uint64_t right = changed_at(*(struct runner *const *)b);
    return (left > right) - (left < right);
}

/* The runners that changed since the last tick, in the order in which they did, into the hub's scratch memory. */
static struct runner **find_changed(struct hub *hub, const struct audience *audience, size_t *count)
{
    struct buf *scratch = &hub->tick_scratch;
    *count = 0;
    scratch->len = 0;
    if (buf_reserve(scratch, audience->runner_count * sizeof(struct runner *)) < 0)
        return NULL;
    struct runner **changed = (struct runner **)(void *)scratch->data;
    for (uint32_t i = 0; i < audience->runner_count; i++)
        if (changed_at(audience->runners[i]) > audience->ticked)
            changed[(*count)++] = audience->runners[i];
    qsort(changed, *count, sizeof(struct runner *), by_change);
    return changed;
}

static int append_position(struct hub *hub, struct audience *audience, const struct runner *runner)
{
    struct speech *speech = audience->speech;
    int err = speech_encode(speech, &runner->newest, runner->version);
    if (err == 0)
        err = framing_reserve(hub, audience, speech->frame.len);
    if (err == 0)
        framing_append(hub, audience, buf_span(&speech->frame), changed_at(runner));
    return err;
}

/* Append the newest of each runner that changed. Without memory, what is missing waits for the next tick. */
static int gather(struct hub *hub, struct audience *audience)
{
    size_t count;
    struct runner **changed = find_changed(hub, audience, &count);
    int err = changed != NULL ? 0 : ERR_NO_MEMORY;
    for (size_t i = 0; i < count && err == 0; i++) {
        const struct runner *runner = changed[i];
        if (runner->version > audience->ticked)
            err = append_position(hub, audience, runner);
        if (err == 0 && runner->status_version > audience->ticked)
            err = status_append(hub, audience, runner, changed_at(runner));
        if (err < 0)
            break;
        if (audience->has_joined && i + 1 < count)
            framing_close(hub, audience, false);
        audience->ticked = changed_at(runner);
    }
    framing_close(hub, audience, err == 0);
    audience->has_joined = false;
    if (err == 0)
        audience->ticked = hub->version;
    if (audience_has_pending(audience))
        hub_make_dirty(hub, audience);
    return err;
}

static void tick(struct hub *hub, struct speech *speech, uint64_t now_ms)
{
    size_t left = 0;
    for (size_t i = 0; i < speech->waiting_count; i++) {
        struct audience *audience = speech->waiting[i];
        if (!audience->is_dead && gather(hub, audience) < 0) {
            speech->waiting[left++] = audience;
            continue;
        }
        audience->is_waiting = false;
        audience_free_if_left(audience);
    }
    speech->waiting_count = left;
    speech->next_tick_ms = (now_ms / speech->pace_ms + 1) * speech->pace_ms;
}

void pace_turn(struct hub *hub, uint64_t now_ms)
{
    for (size_t i = 0; i < hub->speech_count; i++) {
        struct speech *speech = hub->speeches[i];
        if (speech->waiting_count > 0 && now_ms >= speech->next_tick_ms)
            tick(hub, speech, now_ms);
    }
}

uint64_t hub_next_tick_ms(const struct hub *hub)
{
    uint64_t next_ms = UINT64_MAX;
    for (size_t i = 0; i < hub->speech_count; i++) {
        const struct speech *speech = hub->speeches[i];
        if (speech->waiting_count > 0 && speech->next_tick_ms < next_ms)
            next_ms = speech->next_tick_ms;
    }
    return next_ms;
}
