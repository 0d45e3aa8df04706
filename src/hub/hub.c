#include "hub/hub.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "hub/framing.h"
#include "hub/pace.h"
#include "hub/probe.h"
#include "hub/serve.h"
#include "hub/slow.h"
#include "hub/state.h"
#include "hub/status.h"

/* Room for a chunk of frames to a follower that catches up, and one more frame behind it. */
#define SCRATCH_BYTES 65536

struct hub *hub_new(const struct hub_options *options)
{
    CHECK(options->flush_sends > 0);
    struct hub *hub = mem_must(sizeof *hub);
    hub->options = *options;
    hub->runners.max = options->max_runners;
    hub->runners.on_followed = options->on_followed;
    hub->runners.context = options->context;
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
    buf_fini(&it->appeared);
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

/* What is published here and goes nowhere is told to no other hub: no reader may be told of its number, and wait for it there. */
static bool is_of_here(const struct hub *hub, const struct position *position)
{
    return position->origin == hub->options.origin;
}

static void note_applied(struct hub *hub, const struct position *position)
{
    if (position->sequence == 0)
        return;
    CHECK(position->origin < HUB_ORIGINS_MAX);
    if (hub->applied[position->origin] < position->sequence)
        hub->applied[position->origin] = position->sequence;
    if (hub->origins <= position->origin)
        hub->origins = position->origin + 1U;
}

const uint64_t *hub_applied(const struct hub *hub, size_t *origins)
{
    *origins = hub->origins;
    return hub->applied;
}

static int order(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/*
 * Which is the newer of two positions of a runner: over 0 when it is `a`. A total order of all that are numbered, so that workers which
 * get them in different orders agree on the newest.
 */
static int order_in_time(const struct position *a, const struct position *b)
{
    if (a->time_ms != b->time_ms)
        return a->time_ms > b->time_ms ? 1 : -1;
    if (a->time_rest_us != b->time_rest_us)
        return order(a->time_rest_us, b->time_rest_us);
    if (a->origin != b->origin)
        return order(a->origin, b->origin);
    return order(a->sequence, b->sequence);
}

/*
 * A device repeats a fix. But when another shard accepted one of the same time while this one did too, all have to take the same
 * of the two, in whichever order they come.
 */
static bool is_duplicate(const struct hub *hub, const struct position *position,
                         const struct position *newest)
{
    if (position->time_is_arrival || position->time_ms != newest->time_ms ||
        position->time_rest_us != newest->time_rest_us)
        return false;
    return is_of_here(hub, position) || position->origin <= newest->origin;
}

/* Times of arrival may be equal: each is a position of its own. */
static int place_in_time(struct hub *hub, const struct runner *runner,
                         const struct position *position)
{
    const struct position *newest = &runner->newest;
    if (runner->version == 0)
        return 0;
    if (is_duplicate(hub, position, newest)) {
        hub->stats.duplicate++;
        return HUB_DUPLICATE;
    }
    if (order_in_time(position, newest) >= 0)
        return 0;
    hub->stats.late++;
    return HUB_LATE;
}

int hub_publish(struct hub *hub, const struct position *position, uint64_t now_ms)
{
    struct runner *runner = NULL;
    if (!is_of_here(hub, position))
        note_applied(hub, position);
    int err = runner_ensure_published(&hub->runners, &position->runner, &runner);
    if (err < 0)
        return err;
    int place = place_in_time(hub, runner, position);
    if (place != 0)
        return place;
    bool was_silent = runner->version != 0 && runner->status != RUNNER_LIVE;
    uint64_t notice_version =
        was_silent ? ++hub->version : 0; /* a follower may get it and not the position */
    err = prepare_all(hub, runner, position);
    if (err < 0) {
        runner_release(&hub->runners, runner);
        return err;
    }
    note_applied(hub, position);
    hub->stats.received++;
    if (runner->version == 0)
        (void)buf_append(&hub->appeared, span_of(&position->runner, sizeof position->runner));
    runner_renew(&hub->runners, runner, position, ++hub->version, now_ms);
    if (was_silent)
        status_changed(hub, runner, notice_version, now_ms);
    relay(hub, runner, now_ms);
    return 0;
}

/* --- ask ------------------------------------------------------------------------------------------------------------ */

bool hub_newest(const struct hub *hub, const struct runner_id *id, struct position *position)
{
    const struct runner *runner = runner_find(&hub->runners, id);
    if (runner == NULL || runner->version == 0)
        return false;
    *position = runner->newest;
    return true;
}

void hub_each_newest(const struct hub *hub, hub_visit_fn *visit, void *ctx)
{
    for (int status = RUNNER_LIVE; status <= RUNNER_LOST; status++)
        for (const struct runner *at = hub->runners.by_status[status]; at != NULL; at = at->next)
            if (!visit(ctx, &at->newest, (enum runner_status)status))
                return;
}

void hub_take_appeared(struct hub *hub, struct buf *ids)
{
    *ids = hub->appeared;
    hub->appeared = (struct buf){0};
}

void hub_reappear(struct hub *hub)
{
    hub->appeared.len = 0;
    for (int status = RUNNER_LIVE; status <= RUNNER_LOST; status++)
        for (const struct runner *at = hub->runners.by_status[status]; at != NULL; at = at->next)
            (void)buf_append(&hub->appeared, span_of(&at->newest.runner, sizeof at->newest.runner));
}

bool hub_is_followed(const struct hub *hub, const struct runner_id *id)
{
    const struct runner *runner = runner_find(&hub->runners, id);
    return runner != NULL && runner->link_count > 0;
}

bool hub_is_settled(const struct follower *follower)
{
    const struct audience *audience = follower->audience;
    if (audience == NULL)
        return true;
    return !follower->behind && follower->place == NULL && !audience->is_dirty &&
           !audience->is_waiting;
}

int hub_owe_snapshot(struct hub *hub, struct follower *follower, uint64_t now_ms)
{
    return follower->audience != NULL ? serve_owe_all(hub, follower, now_ms) : 0;
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

void hub_hold(struct follower *follower, bool patience)
{
    follower->held = true;
    follower->patient |= patience;
}

void hub_release(struct hub *hub, struct follower *follower, uint64_t now_ms)
{
    follower->held = false;
    if (follower->audience != NULL)
        serve_go_on(hub, follower, now_ms);
    else
        follower->patient = false;
}

uint64_t hub_superseded(const struct follower *follower)
{
    return follower->superseded;
}

bool hub_is_held(const struct follower *follower)
{
    return !follower->blocked && !follower->held && slow_portion(follower) == 0;
}

bool hub_answered(struct hub *hub, struct follower *follower, uint32_t probe, uint64_t now_ms)
{
    if (probe != 0)
        follower->answers = FOLLOWER_ANSWERS;
    if (follower->audience == NULL)
        return false;
    bool was_heard = probe_hear(follower, probe);
    if (!slow_hear(hub, follower, probe, now_ms))
        return was_heard;
    serve_go_on(hub, follower, now_ms);
    return true;
}

/* Serve members until the last, or until so many sends are done in all. */
static void flush_some(struct hub *hub, struct audience *audience, uint64_t sends_limit,
                       uint64_t now_ms)
{
    if (audience->flushing == NULL) {
        framing_close(hub, audience, true);
        probe_turn(hub, audience, now_ms);
        audience_seal(audience, now_ms);
    }
    while (audience->flush_at < audience->member_count) {
        if (hub->stats.sends >= sends_limit)
            return;
        serve_batch(hub, audience_member(audience, audience->flush_at++), now_ms);
    }
    audience_flushed(audience);
}

static uint64_t sends_after(const struct hub *hub, uint64_t count)
{
    uint64_t sends = hub->stats.sends;
    return count < UINT64_MAX - sends ? sends + count : UINT64_MAX;
}

/* An audience that needs more than its share goes on behind the others, so a crowd holds up nobody for long. */
bool hub_flush(struct hub *hub, uint64_t now_ms)
{
    uint64_t sends_limit = sends_after(hub, hub->options.flush_sends);
    pace_turn(hub, now_ms);
    while (hub->dirty_first != NULL) {
        struct audience *audience = hub->dirty_first;
        uint64_t share_limit = sends_after(hub, HUB_FLUSH_SHARE);
        if (hub->stats.sends >= sends_limit)
            return true;
        if (!audience->is_dead)
            flush_some(hub, audience, share_limit < sends_limit ? share_limit : sends_limit,
                       now_ms);
        bool has_more =
            !audience->is_dead && (audience->flushing != NULL || audience_has_pending(audience));
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
    status_turn(hub, now_ms);
    uint64_t ttl_ms = hub->options.position_ttl_ms;
    for (; ttl_ms > 0 && budget > 0; budget--) {
        struct runner *oldest = runner_oldest(&hub->runners);
        if (oldest == NULL || now_ms - oldest->renewed_ms <= ttl_ms)
            return;
        runner_forget(&hub->runners, oldest);
    }
}

void hub_forget(struct hub *hub, const struct runner_id *id)
{
    struct runner *runner = runner_find(&hub->runners, id);
    if (runner != NULL && runner->version != 0)
        runner_forget(&hub->runners, runner);
}

enum runner_status hub_status(const struct hub *hub, const struct runner_id *id)
{
    const struct runner *runner = runner_find(&hub->runners, id);
    return runner != NULL ? (enum runner_status)runner->status : RUNNER_LIVE;
}

struct hub_stats hub_stats(const struct hub *hub)
{
    struct hub_stats stats = hub->stats;
    stats.runners = hub->runners.count;
    return stats;
}
