#include "hub/hub.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "hub/catchup.h"
#include "hub/framing.h"
#include "hub/serve.h"
#include "hub/slow.h"
#include "hub/state.h"

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

static void release_draft(struct hub *hub, const struct draft *draft)
{
    for (uint32_t i = 0; i < draft->count; i++)
        runner_release(&hub->runners, draft->runners[i]);
}

static bool follows(const struct follower *follower, const struct runner *runner,
                    uint32_t *old_index)
{
    const struct audience *old = follower->audience;
    *old_index = old != NULL ? audience_index_of(old, runner) : 0;
    return old != NULL && *old_index < old->runner_count;
}

/* What `follow` adds to the follower's set. On failure nothing of it is left. */
static int draft_added(struct hub *hub, const struct follower *follower,
                       const struct hub_follow *follow, struct draft *added)
{
    int err = 0;
    if (follow->count > UINT32_MAX / 2)
        return ERR_NO_MEMORY;
    added->runners = follow->count > 0 ? mem_try(follow->count * sizeof *added->runners) : NULL;
    if (follow->count > 0 && added->runners == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < follow->count && err == 0; i++) {
        struct runner *runner = NULL;
        uint32_t old_index;
        err = runner_ensure_followed(&hub->runners, &follow->ids[i], &runner);
        if (err == 0 && !follows(follower, runner, &old_index))
            added->runners[added->count++] = runner;
    }
    sort_and_unite(added);
    size_t count = hub_following(follower) + added->count;
    if (err == 0 && follow->max_following > 0 && count > follow->max_following)
        err = ERR_FULL;
    if (err < 0)
        release_draft(hub, added);
    return err;
}

/* The follower's set with what is added: both are in order, so this is one walk. */
static int draft_whole(const struct follower *follower, const struct draft *added,
                       struct draft *whole)
{
    uint32_t had = (uint32_t)hub_following(follower);
    uint32_t i = 0;
    uint32_t j = 0;
    whole->runners = mem_try((had + added->count) * sizeof *whole->runners);
    if (whole->runners == NULL)
        return ERR_NO_MEMORY;
    while (i < had || j < added->count) {
        bool takes_old =
            j == added->count ||
            (i < had && (uintptr_t)follower->audience->runners[i] < (uintptr_t)added->runners[j]);
        whole->runners[whole->count++] =
            takes_old ? follower->audience->runners[i++] : added->runners[j++];
    }
    return 0;
}

/* A change to another audience, with all that may fail of it done. */
struct move {
    struct audience *to;
    struct catchup *catchup; /* owned; NULL: it will be owed nothing of the past */
    bool is_snapshot;
    int64_t owed; /* positions of the past that it is owed and that its debt does not hold yet */
};

/* With a pace, some of what its runners did since the last tick may not have been gathered for it. */
static bool is_owed_a_tick(const struct follower *follower)
{
    return follower->audience != NULL && follower->audience->is_waiting;
}

/* Up to which version it was served a runner of its old set, once what is sealed for it is handed over. */
static uint64_t served_of_old(const struct hub *hub, const struct follower *follower,
                              uint32_t old_index)
{
    if (slow_catchup(follower) != NULL)
        return catchup_served(slow_catchup(follower), old_index);
    if (follower->behind)
        return follower->cursor;
    if (!is_owed_a_tick(follower))
        return hub->version;
    uint64_t ticked = follower->audience->ticked;
    return follower->cursor > ticked ? follower->cursor : ticked;
}

static int plan_catchup(struct hub *hub, struct follower *follower, bool snapshot,
                        struct move *move)
{
    if (!follower->behind && !snapshot && !is_owed_a_tick(follower))
        return 0;
    move->catchup = catchup_new_empty(move->to->runner_count);
    if (move->catchup == NULL || slow_ensure(hub, follower) < 0) {
        mem_free(move->catchup);
        return ERR_NO_MEMORY;
    }
    move->is_snapshot = snapshot;
    for (uint32_t i = 0; i < move->to->runner_count; i++) {
        const struct runner *runner = move->to->runners[i];
        uint32_t old_index;
        bool is_old = follows(follower, runner, &old_index);
        uint64_t new_from = snapshot ? 0 : hub->version;
        uint64_t served = is_old ? served_of_old(hub, follower, old_index) : new_from;
        bool is_in_debt = is_old && follower->behind;
        catchup_push(move->catchup, served);
        move->owed += !is_in_debt && runner->version > served;
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

static uint32_t new_pace(const struct follower *follower, const struct hub_follow *follow)
{
    return follow->sets_pace ? follow->pace_ms : follower->pace_ms;
}

/* On failure: with move->to, an audience was found or made, and the draft's runners are released if nobody else has them. */
static int plan_move(struct hub *hub, struct follower *follower, const struct draft *draft,
                     const struct hub_follow *follow, struct move *move)
{
    struct speech *speech = hub_speech(hub, follower->dialect, new_pace(follower, follow));
    move->to = speech != NULL ? audience_ensure(&hub->runners, speech, draft->runners, draft->count)
                              : NULL;
    if (move->to == NULL)
        return ERR_NO_MEMORY;
    hub->stats.audiences += move->to->member_count == 0;
    int err = audience_reserve_member(move->to);
    if (err == 0)
        err = plan_catchup(hub, follower, follow->snapshot, move);
    if (err < 0)
        remove_if_empty(hub, move->to);
    return err;
}

static void leave_audience(struct hub *hub, struct follower *follower)
{
    struct audience *audience = follower->audience;
    audience_leave(audience, follower);
    audience_trim(audience);
    remove_if_empty(hub, audience);
}

static void make_move(struct hub *hub, struct follower *follower, const struct move *move,
                      uint64_t now_ms)
{
    bool was_behind = follower->behind;
    int64_t owed = move->owed;
    hub->stats.moved += hub_following(follower) + move->to->runner_count;
    if (follower->audience == NULL)
        hub->stats.followers++;
    else if (was_behind)
        owed += follower->debt + (int64_t)follower->audience->accepted;
    else
        serve_hand_over(hub, follower, now_ms);
    if (follower->audience != NULL)
        leave_audience(hub, follower);
    serve_forget(hub, follower);
    framing_close(hub, move->to, move->to->speech->pace_ms == 0);
    audience_join(move->to, follower);
    follower->cursor = hub->version;
    slow_look(hub, follower, now_ms);
    if (move->catchup == NULL)
        return;
    follower->slow->catchup = move->catchup;
    follower->is_joining = move->is_snapshot;
    follower->debt = owed - (int64_t)move->to->accepted;
    serve_set_behind(hub, follower, true);
    if (slow_portion(follower) > 0)
        serve_catch_up(hub, follower, now_ms);
}

/* Anything to do: its set grows, or the pace of a set that it has changes. */
static bool is_a_change(const struct follower *follower, const struct draft *added,
                        const struct hub_follow *follow)
{
    return added->count > 0 ||
           (hub_following(follower) > 0 && new_pace(follower, follow) != follower->pace_ms);
}

static int move_to_larger(struct hub *hub, struct follower *follower, const struct draft *added,
                          const struct hub_follow *follow, uint64_t now_ms)
{
    struct draft whole = {0};
    struct move move = {0};
    int err = draft_whole(follower, added, &whole);
    if (err == 0)
        err = plan_move(hub, follower, &whole, follow, &move);
    if (err == 0)
        make_move(hub, follower, &move, now_ms);
    else if (move.to == NULL)
        release_draft(hub, added);
    mem_free(whole.runners);
    return err;
}

int hub_follow(struct hub *hub, struct follower *follower, const struct hub_follow *follow,
               uint64_t now_ms)
{
    struct draft added = {0};
    int err = draft_added(hub, follower, follow, &added);
    if (err == 0 && is_a_change(follower, &added, follow))
        err = move_to_larger(hub, follower, &added, follow, now_ms);
    if (err == 0)
        follower->pace_ms = new_pace(follower, follow);
    mem_free(added.runners);
    return err;
}

/* The set stays in order. */
static int draft_kept(const struct follower *follower, hub_keep_fn *keep, void *ctx,
                      struct draft *draft)
{
    const struct audience *audience = follower->audience;
    draft->runners = mem_try(audience->runner_count * sizeof *draft->runners);
    if (draft->runners == NULL)
        return ERR_NO_MEMORY;
    for (uint32_t i = 0; i < audience->runner_count; i++)
        if (keep(ctx, &audience->runners[i]->newest.runner))
            draft->runners[draft->count++] = audience->runners[i];
    return 0;
}

static int move_to_kept(struct hub *hub, struct follower *follower, struct draft *draft,
                        uint64_t now_ms)
{
    struct move move = {0};
    if (draft->count == hub_following(follower))
        return 0;
    if (draft->count == 0) {
        hub_leave(hub, follower);
        return 0;
    }
    int err = plan_move(hub, follower, draft, &(struct hub_follow){0}, &move);
    if (err == 0)
        make_move(hub, follower, &move, now_ms);
    return err;
}

int hub_narrow(struct hub *hub, struct follower *follower, hub_keep_fn *keep, void *ctx,
               uint64_t now_ms)
{
    struct draft draft = {0};
    if (follower->audience == NULL)
        return 0;
    int err = draft_kept(follower, keep, ctx, &draft);
    if (err == 0)
        err = move_to_kept(hub, follower, &draft, now_ms);
    mem_free(draft.runners);
    return err;
}

size_t hub_following(const struct follower *follower)
{
    return follower->audience != NULL ? follower->audience->runner_count : 0;
}

bool hub_follows(const struct hub *hub, const struct follower *follower, const struct runner_id *id)
{
    uint32_t index;
    const struct runner *runner = runner_find(&hub->runners, id);
    return runner != NULL && follows(follower, runner, &index);
}

void hub_leave(struct hub *hub, struct follower *follower)
{
    if (follower->audience == NULL)
        return;
    serve_end(hub, follower);
    leave_audience(hub, follower);
    hub->stats.followers--;
}
