#include "hub/hub.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "hub/framing.h"
#include "hub/probe.h"
#include "hub/serve.h"
#include "hub/slow.h"
#include "hub/state.h"

/* Room for a chunk of frames to a follower that catches up, and one more frame behind it. */
#define SCRATCH_BYTES 65536

struct hub *hub_new(const struct hub_options *options)
{
    CHECK(options->flush_sends > 0);
    struct hub *hub = mem_must(sizeof *hub);
    hub->options = *options;
    hub->runners.max = options->max_runners;
    hub->scratch = (struct buf){.data = mem_must(SCRATCH_BYTES), .cap = SCRATCH_BYTES};
    hub->sealed = (struct buf){.data = mem_must(FRAMING_SEALED_BYTES), .cap = FRAMING_SEALED_BYTES};
    return hub;
}

static void pop_dirty(struct hub *hub)
{
    struct audience *audience = hub->dirty_first;
    hub->dirty_first = audience->next_dirty;
    if (hub->dirty_first == NULL)
        hub->dirty_last = NULL;
    audience->next_dirty = NULL;
    audience->is_dirty = false;
    audience_free_if_left(audience);
}

void hub_free(struct hub **hub)
{
    struct hub *it = *hub;
    if (it == NULL)
        return;
    CHECK(it->stats.followers == 0);
    while (it->dirty_first != NULL)
        pop_dirty(it);
    for (size_t i = 0; i < it->speech_count; i++)
        speech_free(&it->speeches[i]);
    mem_free(it->speeches);
    runner_table_fini(&it->runners);
    buf_fini(&it->scratch);
    buf_fini(&it->sealed);
    buf_fini(&it->tick_scratch);
    mem_free(it);
    *hub = NULL;
}

/* --- publish -------------------------------------------------------------------------------------------------------- */

struct speech *hub_speech(struct hub *hub, const struct hub_dialect *dialect, uint32_t pace_ms)
{
    for (size_t i = 0; i < hub->speech_count; i++)
        if (hub->speeches[i]->dialect == dialect && hub->speeches[i]->pace_ms == pace_ms)
            return hub->speeches[i];
    if (hub->speech_count == hub->speech_capacity) {
        size_t capacity = hub->speech_capacity + 8;
        struct speech **grown = mem_try_resize(hub->speeches, capacity * sizeof(struct speech *));
        if (grown == NULL)
            return NULL;
        hub->speeches = grown;
        hub->speech_capacity = capacity;
    }
    struct speech *speech = speech_new(dialect, pace_ms);
    if (speech != NULL)
        hub->speeches[hub->speech_count++] = speech;
    return speech;
}

/* All that may fail of relaying a position to one audience; what it reserves does no harm when it is not used. */
static int prepare(struct hub *hub, struct audience *audience, const struct position *position)
{
    struct speech *speech = audience->speech;
    if (audience_is_asleep(audience))
        return 0;
    if (speech->pace_ms > 0)
        return speech_reserve_waiting(speech);
    int err = speech_encode(speech, position, hub->version + 1);
    if (err == 0)
        err = framing_reserve(hub, audience, speech->frame.len);
    return err;
}

static int prepare_all(struct hub *hub, const struct runner *runner,
                       const struct position *position)
{
    int err = 0;
    for (uint32_t i = 0; i < runner->link_count && err == 0; i++)
        err = prepare(hub, runner->links[i], position);
    for (size_t i = 0; i < hub->speech_count && err < 0; i++)
        hub->speeches[i]->frame_version = 0; /* the version will be another position's */
    return err;
}

void hub_make_dirty(struct hub *hub, struct audience *audience)
{
    if (audience->is_dirty)
        return;
    audience->is_dirty = true;
    if (hub->dirty_last == NULL)
        hub->dirty_first = audience;
    else
        hub->dirty_last->next_dirty = audience;
    hub->dirty_last = audience;
}

static void relay(struct hub *hub, const struct runner *runner, uint64_t now_ms)
{
    for (uint32_t i = 0; i < runner->link_count; i++) {
        struct audience *audience = runner->links[i];
        if (audience_is_asleep(audience)) {
            audience->accepted++;
            continue;
        }
        if (audience->speech->pace_ms > 0) {
            speech_wait(audience->speech, audience, now_ms);
            continue;
        }
        framing_append(hub, audience, buf_span(&audience->speech->frame), hub->version);
        if (audience_has_pending(audience))
            hub_make_dirty(hub, audience);
    }
}

static void note_applied(struct hub *hub, const struct position *position)
{
    CHECK(position->origin < HUB_ORIGINS_MAX);
    hub->applied[position->origin] = position->sequence;
    if (hub->origins <= position->origin)
        hub->origins = position->origin + 1U;
}

const uint64_t *hub_applied(const struct hub *hub, size_t *origins)
{
    *origins = hub->origins;
    return hub->applied;
}

/* Times of arrival may be equal: each is a position of its own. */
static int place_in_time(struct hub *hub, const struct runner *runner,
                         const struct position *position)
{
    if (runner->version == 0 || position->time_ms > runner->newest.time_ms)
        return 0;
    if (position->time_ms < runner->newest.time_ms) {
        hub->stats.late++;
        return HUB_LATE;
    }
    if (position->time_is_arrival)
        return 0;
    hub->stats.duplicate++;
    return HUB_DUPLICATE;
}

int hub_publish(struct hub *hub, const struct position *position, uint64_t now_ms)
{
    struct runner *runner = NULL;
    if (position->sequence != 0)
        note_applied(hub, position);
    int err = runner_ensure(&hub->runners, &position->runner, &runner);
    if (err < 0)
        return err;
    int place = place_in_time(hub, runner, position);
    if (place != 0)
        return place;
    err = prepare_all(hub, runner, position);
    if (err < 0) {
        runner_release(&hub->runners, runner);
        return err;
    }
    hub->stats.received++;
    runner_renew(&hub->runners, runner, position, ++hub->version, now_ms);
    relay(hub, runner, now_ms);
    return 0;
}

/* --- pace ----------------------------------------------------------------------------------------------------------- */

static int by_version(const void *a, const void *b)
{
    uint64_t left = (*(struct runner *const *)a)->version;
    uint64_t right = (*(struct runner *const *)b)->version;
    return (left > right) - (left < right);
}

/* The runners that changed since the last tick, in the order of their versions, into the hub's scratch memory. */
static struct runner **find_changed(struct hub *hub, const struct audience *audience, size_t *count)
{
    struct buf *scratch = &hub->tick_scratch;
    *count = 0;
    scratch->len = 0;
    if (buf_reserve(scratch, audience->runner_count * sizeof(struct runner *)) < 0)
        return NULL;
    struct runner **changed = (struct runner **)(void *)scratch->data;
    for (uint32_t i = 0; i < audience->runner_count; i++)
        if (audience->runners[i]->version > audience->ticked)
            changed[(*count)++] = audience->runners[i];
    qsort(changed, *count, sizeof(struct runner *), by_version);
    return changed;
}

/* Append the newest of each runner that changed. Without memory, what is missing waits for the next tick. */
static int gather(struct hub *hub, struct audience *audience)
{
    size_t count;
    struct runner **changed = find_changed(hub, audience, &count);
    int err = changed != NULL ? 0 : ERR_NO_MEMORY;
    for (size_t i = 0; i < count && err == 0; i++) {
        struct speech *speech = audience->speech;
        err = speech_encode(speech, &changed[i]->newest, changed[i]->version);
        if (err == 0)
            err = framing_reserve(hub, audience, speech->frame.len);
        if (err < 0)
            break;
        framing_append(hub, audience, buf_span(&speech->frame), changed[i]->version);
        if (audience->has_joined && i + 1 < count)
            framing_close(hub, audience, false);
        audience->ticked = changed[i]->version;
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

static void tick_due(struct hub *hub, uint64_t now_ms)
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

/* --- flush ---------------------------------------------------------------------------------------------------------- */

void hub_blocked(struct follower *follower)
{
    follower->blocked = true;
}

void hub_writable(struct hub *hub, struct follower *follower, uint64_t now_ms)
{
    follower->blocked = false;
    if (follower->audience != NULL)
        serve_go_on(hub, follower, now_ms);
}

uint64_t hub_superseded(const struct follower *follower)
{
    return follower->superseded;
}

bool hub_is_held(const struct follower *follower)
{
    return !follower->blocked && slow_portion(follower) == 0;
}

bool hub_answered(struct hub *hub, struct follower *follower, uint32_t probe, uint64_t now_ms)
{
    if (probe != 0)
        follower->answers = FOLLOWER_ANSWERS;
    if (follower->audience == NULL)
        return false;
    if (probe_hear(follower, probe))
        return true;
    if (!slow_hear(hub, follower, probe, now_ms))
        return false;
    serve_go_on(hub, follower, now_ms);
    return true;
}

/* False when the budget ran out before the last member. */
static bool flush_audience(struct hub *hub, struct audience *audience, uint64_t sends_limit,
                           uint64_t now_ms)
{
    if (audience->flushing == NULL) {
        framing_close(hub, audience, true);
        probe_turn(hub, audience, now_ms);
        audience_seal(audience, now_ms);
    }
    while (audience->flush_at < audience->member_count) {
        if (hub->stats.sends >= sends_limit)
            return false;
        serve_batch(hub, audience_member(audience, audience->flush_at++), now_ms);
    }
    audience_flushed(audience);
    return true;
}

bool hub_flush(struct hub *hub, uint64_t now_ms)
{
    uint64_t sends_limit = hub->stats.sends + hub->options.flush_sends;
    if (sends_limit < hub->stats.sends)
        sends_limit = UINT64_MAX;
    tick_due(hub, now_ms);
    while (hub->dirty_first != NULL) {
        struct audience *audience = hub->dirty_first;
        if (!audience->is_dead && !flush_audience(hub, audience, sends_limit, now_ms))
            return true;
        bool has_more = !audience->is_dead && audience_has_pending(audience);
        pop_dirty(hub);
        if (has_more)
            hub_make_dirty(hub, audience);
    }
    return false;
}

/* --- expire --------------------------------------------------------------------------------------------------------- */

static void look_after_members(struct hub *hub, struct audience *audience, uint64_t now_ms)
{
    for (uint32_t i = 0; i < audience->member_count; i++) {
        struct follower *member = audience_member(audience, i);
        serve_check_lag(hub, member, now_ms);
        serve_count_superseded(hub, member);
        if (slow_tend(hub, member, now_ms))
            serve_go_on(hub, member, now_ms);
    }
}

void hub_expire(struct hub *hub, uint64_t now_ms, size_t budget)
{
    for (size_t i = 0; i < hub->speech_count; i++)
        for (struct audience *at = speech_first(hub->speeches[i]); at != NULL;
             at = speech_next(hub->speeches[i], at))
            look_after_members(hub, at, now_ms);
    uint64_t ttl_ms = hub->options.position_ttl_ms;
    for (; ttl_ms > 0 && budget > 0; budget--) {
        struct runner *oldest = hub->runners.by_renewal;
        if (oldest == NULL || now_ms - oldest->renewed_ms <= ttl_ms)
            return;
        runner_forget(&hub->runners, oldest);
    }
}

struct hub_stats hub_stats(const struct hub *hub)
{
    struct hub_stats stats = hub->stats;
    stats.runners = hub->runners.count;
    return stats;
}
