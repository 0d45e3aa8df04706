#include "hub/hub.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "hub/catchup.h"
#include "hub/serve.h"
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
    if (audience->is_dead)
        audience_free(audience);
}

void hub_free(struct hub **hub)
{
    struct hub *it = *hub;
    if (it == NULL)
        return;
    CHECK(it->stats.followers == 0);
    while (it->dirty_first != NULL)
        pop_dirty(it);
    for (size_t i = 0; i < it->speech_count; i++) {
        CHECK(it->speeches[i].audiences == NULL);
        buf_fini(&it->speeches[i].frame);
    }
    runner_table_fini(&it->runners);
    buf_fini(&it->scratch);
    mem_free(it);
    *hub = NULL;
}

/* --- publish -------------------------------------------------------------------------------------------------------- */

static int encode(struct speech *speech, const struct position *position)
{
    if (speech->is_encoded)
        return 0;
    speech->frame.len = 0;
    int err = speech->dialect->encode(position, &speech->frame);
    speech->is_encoded = err == 0;
    return err;
}

/* All that may fail of relaying a position; what it reserves does no harm when it is not used. */
static int prepare(struct hub *hub, const struct runner *runner, const struct position *position)
{
    for (size_t i = 0; i < hub->speech_count; i++)
        hub->speeches[i].is_encoded = false;
    for (uint32_t i = 0; i < runner->link_count; i++) {
        struct audience *audience = runner->links[i].audience;
        int err = encode(audience->speech, position);
        if (err == 0)
            err = audience_reserve_frame(audience, audience->speech->frame.len,
                                         &hub->stats.queued_bytes);
        if (err < 0)
            return err;
    }
    return 0;
}

static void make_dirty(struct hub *hub, struct audience *audience)
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

static void relay(struct hub *hub, const struct runner *runner)
{
    for (uint32_t i = 0; i < runner->link_count; i++) {
        struct audience *audience = runner->links[i].audience;
        audience_append(audience, buf_span(&audience->speech->frame), hub->version);
        make_dirty(hub, audience);
    }
}

int hub_publish(struct hub *hub, const struct position *position, uint64_t now_ms)
{
    struct runner *runner = NULL;
    int err = runner_ensure(&hub->runners, &position->runner, &runner);
    if (err < 0)
        return err;
    if (runner->version != 0 && position->time_ms < runner->newest.time_ms) {
        hub->stats.late++;
        return 1;
    }
    err = prepare(hub, runner, position);
    if (err < 0) {
        runner_release(&hub->runners, runner);
        return err;
    }
    hub->stats.received++;
    runner_renew(&hub->runners, runner, position, ++hub->version, now_ms);
    relay(hub, runner);
    return 0;
}

/* --- follow --------------------------------------------------------------------------------------------------------- */

static struct speech *speech_of(struct hub *hub, const struct hub_dialect *dialect)
{
    for (size_t i = 0; i < hub->speech_count; i++)
        if (hub->speeches[i].dialect == dialect)
            return &hub->speeches[i];
    CHECK(hub->speech_count < HUB_MAX_DIALECTS);
    hub->speeches[hub->speech_count].dialect = dialect;
    return &hub->speeches[hub->speech_count++];
}

/* A set of runners under way, ordered by address once it is a set. */
struct draft {
    struct runner **runners; /* owned */
    uint32_t count;
};

static int by_address(const void *a, const void *b)
{
    uintptr_t left = (uintptr_t) * (struct runner *const *)a;
    uintptr_t right = (uintptr_t) * (struct runner *const *)b;
    return (left > right) - (left < right);
}

static void sort_and_unite(struct draft *draft)
{
    if (draft->count == 0)
        return; /* there may be no array to sort */
    qsort(draft->runners, draft->count, sizeof *draft->runners, by_address);
    uint32_t count = 0;
    for (uint32_t i = 0; i < draft->count; i++)
        if (count == 0 || draft->runners[count - 1] != draft->runners[i])
            draft->runners[count++] = draft->runners[i];
    draft->count = count;
}

static void release_draft(struct hub *hub, struct draft *draft)
{
    sort_and_unite(draft);
    for (uint32_t i = 0; i < draft->count; i++)
        runner_release(&hub->runners, draft->runners[i]);
    draft->count = 0;
}

/* What the follower would follow with `follow` added. On failure nothing of it is left. */
static int draft_set(struct hub *hub, const struct follower *follower,
                     const struct hub_follow *follow, struct draft *draft)
{
    size_t had = hub_following(follower);
    if (follow->count > UINT32_MAX / 2)
        return ERR_NO_MEMORY;
    draft->runners = mem_try((had + follow->count) * sizeof *draft->runners);
    if (draft->runners == NULL)
        return ERR_NO_MEMORY;
    int err = 0;
    if (had > 0)
        memcpy(draft->runners, follower->audience->runners, had * sizeof *draft->runners);
    draft->count = (uint32_t)had;
    for (size_t i = 0; i < follow->count && err == 0; i++) {
        err = runner_ensure(&hub->runners, &follow->ids[i], &draft->runners[draft->count]);
        draft->count += err == 0;
    }
    sort_and_unite(draft);
    if (err == 0 && follow->max_following > 0 && draft->count > follow->max_following)
        err = ERR_FULL;
    return err;
}

/* A change to another audience, with all that may fail of it done. */
struct move {
    struct audience *to;
    struct catchup *catchup; /* owned; NULL: it will be owed nothing of the past */
    int64_t snapshot;        /* positions it is owed that it did not follow before */
};

/* Up to which version a follower that is behind, or asks for a snapshot, was served a runner of its new set. */
static uint64_t served_version(const struct hub *hub, const struct follower *follower,
                               uint32_t old_index)
{
    if (!follower->behind)
        return hub->version; /* what it is owed is handed over when it moves */
    return follower->catchup != NULL ? catchup_served(follower->catchup, old_index)
                                     : follower->cursor;
}

static int plan_catchup(const struct hub *hub, const struct follower *follower, bool snapshot,
                        struct move *move)
{
    const struct audience *old = follower->audience;
    if (!follower->behind && !snapshot)
        return 0;
    move->catchup = catchup_new_empty(move->to->runner_count);
    if (move->catchup == NULL)
        return ERR_NO_MEMORY;
    for (uint32_t i = 0; i < move->to->runner_count; i++) {
        const struct runner *runner = move->to->runners[i];
        uint32_t old_index = old != NULL ? audience_index_of(old, runner) : 0;
        bool is_new = old == NULL || old_index == old->runner_count;
        uint64_t new_from = snapshot ? 0 : hub->version;
        catchup_push(move->catchup, is_new ? new_from : served_version(hub, follower, old_index));
        move->snapshot += is_new && snapshot && runner->version > 0;
    }
    return 0;
}

static void remove_if_empty(struct hub *hub, struct audience *audience)
{
    if (audience->member_count > 0)
        return;
    audience_remove(audience, &hub->runners);
    hub->stats.audiences--;
}

/* On failure with an audience found or made, the draft's runners are released, and it is empty. */
static int plan_move(struct hub *hub, const struct follower *follower, struct draft *draft,
                     bool snapshot, struct move *move)
{
    move->to = audience_ensure(speech_of(hub, follower->dialect), draft->runners, draft->count);
    if (move->to == NULL)
        return ERR_NO_MEMORY;
    hub->stats.audiences += move->to->member_count == 0;
    int err = audience_reserve_member(move->to);
    if (err == 0)
        err = plan_catchup(hub, follower, snapshot, move);
    if (err < 0) {
        remove_if_empty(hub, move->to);
        draft->count = 0;
    }
    return err;
}

static void leave_audience(struct hub *hub, struct follower *follower)
{
    struct audience *audience = follower->audience;
    audience_leave(audience, follower);
    audience_trim(audience);
    remove_if_empty(hub, audience);
}

static void make_move(struct hub *hub, struct follower *follower, const struct move *move)
{
    bool was_behind = follower->behind;
    int64_t owed = move->snapshot;
    if (follower->audience == NULL)
        hub->stats.followers++;
    else if (was_behind)
        owed += follower->debt + (int64_t)follower->audience->accepted;
    else
        serve_hand_over(hub, follower);
    if (follower->audience != NULL)
        leave_audience(hub, follower);
    serve_forget(hub, follower);
    audience_join(move->to, follower);
    follower->cursor = hub->version;
    if (move->catchup == NULL)
        return;
    follower->catchup = move->catchup;
    follower->debt = owed - (int64_t)move->to->accepted;
    follower->behind = true;
    hub->stats.behind++;
    if (!follower->blocked)
        serve_catch_up(hub, follower);
}

int hub_follow(struct hub *hub, struct follower *follower, const struct hub_follow *follow,
               uint64_t now_ms)
{
    (void)now_ms;
    struct draft draft = {0};
    struct move move = {0};
    int err = draft_set(hub, follower, follow, &draft);
    if (err == 0 && draft.count > hub_following(follower))
        err = plan_move(hub, follower, &draft, follow->snapshot, &move);
    if (err == 0 && move.to != NULL)
        make_move(hub, follower, &move);
    if (err < 0)
        release_draft(hub, &draft);
    mem_free(draft.runners);
    return err;
}

size_t hub_following(const struct follower *follower)
{
    return follower->audience != NULL ? follower->audience->runner_count : 0;
}

void hub_leave(struct hub *hub, struct follower *follower)
{
    if (follower->audience == NULL)
        return;
    serve_end(hub, follower);
    leave_audience(hub, follower);
    hub->stats.followers--;
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
        serve_writable(hub, follower, now_ms);
}

/* False when the budget ran out before the last member. */
static bool flush_audience(struct hub *hub, struct audience *audience, uint64_t sends_limit,
                           uint64_t now_ms)
{
    if (audience->flushing == NULL)
        audience_seal(audience, now_ms);
    while (audience->flush_at < audience->member_count) {
        if (hub->stats.sends >= sends_limit)
            return false;
        serve_batch(hub, audience->members[audience->flush_at++], now_ms);
    }
    audience_flushed(audience);
    return true;
}

bool hub_flush(struct hub *hub, uint64_t now_ms)
{
    uint64_t sends_limit = hub->stats.sends + hub->options.flush_sends;
    if (sends_limit < hub->stats.sends)
        sends_limit = UINT64_MAX;
    while (hub->dirty_first != NULL) {
        struct audience *audience = hub->dirty_first;
        if (!audience->is_dead && !flush_audience(hub, audience, sends_limit, now_ms))
            return true;
        bool has_more =
            !audience->is_dead && audience->pending != NULL && audience->pending->frames > 0;
        pop_dirty(hub);
        if (has_more)
            make_dirty(hub, audience);
    }
    return false;
}

/* --- expire --------------------------------------------------------------------------------------------------------- */

static void check_lags(struct hub *hub, struct audience *audience, uint64_t now_ms)
{
    for (uint32_t i = 0; i < audience->member_count && audience->tail != NULL; i++)
        serve_check_lag(hub, audience->members[i], now_ms);
}

void hub_expire(struct hub *hub, uint64_t now_ms, size_t budget)
{
    for (size_t i = 0; i < hub->speech_count; i++)
        for (struct audience *at = hub->speeches[i].audiences; at != NULL; at = at->hh.next)
            check_lags(hub, at, now_ms);
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
