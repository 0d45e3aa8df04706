#include "hub/serve.h"

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "hub/catchup.h"
#include "hub/framing.h"
#include "hub/slow.h"

#define SPANS_PER_SEND 16

/* --- a place in the chain ------------------------------------------------------------------------------------------- */

static void take_place(struct follower *follower, struct batch *batch)
{
    follower->place = batch_hold(batch);
    follower->place_offset = batch_offset_after(batch, follower->cursor);
}

static void leave_place(struct follower *follower)
{
    batch_drop(follower->place);
    follower->place = NULL;
    follower->place_offset = 0;
}

static void go_to_next_batch(struct follower *follower)
{
    struct batch *next = follower->place->next;
    if (next != NULL)
        batch_hold(next);
    leave_place(follower);
    follower->place = next;
}

/* Move the place to the frame boundary `offset` of its batch: what lies before it was delivered. */
static void move_place(struct hub *hub, struct follower *follower, uint32_t offset)
{
    const struct batch *batch = follower->place;
    hub->stats.delivered += batch_positions_before(batch, offset) -
                            batch_positions_before(batch, follower->place_offset);
    follower->cursor = batch_version_at(batch, offset);
    follower->place_offset = offset;
    if (offset == batch->bytes)
        go_to_next_batch(follower);
}

void serve_keep(struct hub *hub, struct follower *follower, struct span rest)
{
    if (rest.len == 0)
        return;
    hub->options.sink.keep(follower->owner, rest);
    slow_wrote(follower, rest.len);
}

/* The socket took `taken` bytes from the place on; where that cuts a frame, its rest is kept for it. */
static void advance(struct hub *hub, struct follower *follower, size_t taken)
{
    while (taken > 0) {
        const struct batch *batch = follower->place;
        uint32_t left = batch->bytes - follower->place_offset;
        uint32_t step = taken < left ? (uint32_t)taken : left;
        uint32_t cut = follower->place_offset + step;
        uint32_t boundary = batch_boundary(batch, cut);
        serve_keep(hub, follower, span_of(batch->memory + cut, boundary - cut));
        move_place(hub, follower, boundary);
        taken -= step;
    }
}

/* What lies behind the place, about `portion` bytes of it: no frame is cut by that. */
static size_t gather(const struct follower *follower, size_t portion, struct span *spans,
                     size_t *offered)
{
    size_t count = 0;
    uint32_t offset = follower->place_offset;
    *offered = 0;
    for (const struct batch *at = follower->place;
         at != NULL && count < SPANS_PER_SEND && *offered < portion; at = at->next, offset = 0) {
        uint32_t end = at->bytes;
        if (end - offset > portion - *offered)
            end = batch_boundary(at, offset + (uint32_t)(portion - *offered));
        spans[count] = span_of(at->memory + offset, end - offset);
        *offered += spans[count++].len;
    }
    return count;
}

size_t serve_send(struct hub *hub, struct follower *follower, const struct span *spans,
                  size_t count)
{
    hub->stats.sends++;
    size_t taken = hub->options.sink.send(follower->owner, spans, count);
    slow_wrote(follower, taken);
    return taken;
}

/* Send from the place on, until all is out or the socket is full, or as much as it may have unread. */
static void go_on(struct hub *hub, struct follower *follower, uint64_t now_ms)
{
    size_t portion;
    while (follower->place != NULL && (portion = slow_portion(follower)) > 0) {
        struct span spans[SPANS_PER_SEND];
        size_t offered;
        size_t count = gather(follower, portion, spans, &offered);
        size_t taken = serve_send(hub, follower, spans, count);
        CHECK(taken <= offered);
        follower->blocked = taken < offered;
        advance(hub, follower, taken);
        slow_look(hub, follower, now_ms);
    }
}

void serve_batch(struct hub *hub, struct follower *follower, uint64_t now_ms)
{
    struct batch *batch = follower->audience->flushing;
    if (follower->behind)
        return;
    if (follower->place == NULL && batch_last_version(batch) > follower->cursor)
        take_place(follower, batch);
    go_on(hub, follower, now_ms);
    serve_check_lag(hub, follower, now_ms);
}

/* Send from the place on while the socket takes it, and keep the rest: then there is no place any more. */
static void hand_over_place(struct hub *hub, struct follower *follower, uint64_t now_ms)
{
    go_on(hub, follower, now_ms);
    while (follower->place != NULL) {
        const struct batch *batch = follower->place;
        uint32_t from = follower->place_offset;
        serve_keep(hub, follower, span_of(batch->memory + from, batch->bytes - from));
        move_place(hub, follower, batch->bytes);
    }
}

static void hand_over_batch(struct hub *hub, struct follower *follower, struct batch *batch,
                            uint64_t now_ms)
{
    if (batch == NULL || batch->frames == 0 || batch_last_version(batch) <= follower->cursor)
        return;
    take_place(follower, batch);
    hand_over_place(hub, follower, now_ms);
}

void serve_hand_over(struct hub *hub, struct follower *follower, uint64_t now_ms)
{
    hand_over_place(hub, follower, now_ms);
    hand_over_batch(hub, follower, follower->audience->flushing, now_ms);
    framing_close(hub, follower->audience, false);
    hand_over_batch(hub, follower, follower->audience->pending, now_ms);
    follower->cursor = hub->version;
}

/* --- behind --------------------------------------------------------------------------------------------------------- */

static bool is_over_budget(const struct hub *hub, const struct follower *follower, uint64_t now_ms)
{
    const struct batch *place = follower->place;
    uint64_t bytes =
        follower->audience->stream_bytes - place->stream_start - follower->place_offset;
    bool is_roomy = hub->stats.queued_bytes <= hub->options.hold_all_bytes;
    if (follower->patient)
        return bytes > (is_roomy ? hub->options.hold_bytes : hub->options.lag_bytes);
    return bytes > hub->options.lag_bytes || now_ms - place->sealed_ms > hub->options.lag_ms;
}

void serve_set_behind(struct hub *hub, struct follower *follower, bool behind)
{
    if (follower->behind == behind)
        return;
    follower->behind = behind;
    hub->stats.behind += behind ? 1 : SIZE_MAX;
    if (follower->audience != NULL)
        follower->audience->behind_count += behind ? 1 : UINT32_MAX;
}

void serve_check_lag(struct hub *hub, struct follower *follower, uint64_t now_ms)
{
    if (follower->place == NULL || !is_over_budget(hub, follower, now_ms))
        return;
    const struct batch *place = follower->place;
    uint64_t got = place->count_start + batch_positions_before(place, follower->place_offset);
    follower->debt = -(int64_t)got;
    follower->cursor = batch_version_at(place, follower->place_offset);
    serve_set_behind(hub, follower, true);
    leave_place(follower);
    follower->patient = follower->held;
    audience_trim(follower->audience);
    slow_fall_behind(hub, follower, now_ms);
}

uint64_t serve_served(const struct follower *follower, uint32_t index)
{
    const struct catchup *catchup = slow_catchup(follower);
    return catchup != NULL ? catchup_served(catchup, index) : follower->cursor;
}

/* Of the positions it has not got, all but those still `owed` were given up for newer ones. */
static void count_superseded(struct hub *hub, struct follower *follower, uint32_t owed)
{
    int64_t given_up = follower->debt + (int64_t)follower->audience->accepted - owed;
    if (given_up <= 0) /* below 0 only after something was sent twice for want of memory */
        return;
    hub->stats.superseded += (uint64_t)given_up;
    follower->superseded += (uint64_t)given_up;
    follower->debt -= given_up;
}

uint64_t serve_superseded_without(const struct follower *follower, uint32_t positions)
{
    int64_t given_up = follower->debt + (int64_t)follower->audience->accepted - positions;
    return follower->superseded + (given_up > 0 ? (uint64_t)given_up : 0);
}

/* It is owed one position of each runner at most; how many exactly is counted at the end only, as that takes a look at all. */
void serve_count_superseded(struct hub *hub, struct follower *follower)
{
    if (follower->behind)
        count_superseded(hub, follower, follower->audience->runner_count);
}

void serve_in_sync_again(struct hub *hub, struct follower *follower)
{
    framing_close(hub, follower->audience, follower->audience->speech->pace_ms == 0);
    count_superseded(hub, follower, 0);
    follower->cursor = hub->version;
    follower->heard = follower->audience->probe;
    serve_forget(hub, follower);
    slow_catch_up_ended(hub, follower);
}

void serve_end(struct hub *hub, struct follower *follower)
{
    uint32_t owed = 0;
    for (uint32_t i = 0; follower->behind && i < follower->audience->runner_count; i++)
        owed += follower->audience->runners[i]->version > serve_served(follower, i);
    if (follower->behind)
        count_superseded(hub, follower, owed);
    serve_forget(hub, follower);
    slow_free(hub, follower);
}

static int64_t count_known(const struct audience *audience)
{
    int64_t known = 0;
    for (uint32_t i = 0; i < audience->runner_count; i++)
        known += audience->runners[i]->version > 0;
    return known;
}

int serve_owe_all(struct hub *hub, struct follower *follower, uint64_t now_ms)
{
    struct audience *audience = follower->audience;
    struct catchup *catchup = catchup_new(audience->runner_count, 0);
    if (catchup == NULL || slow_ensure(hub, follower) < 0) {
        mem_free(catchup);
        return ERR_NO_MEMORY;
    }
    serve_forget(hub, follower);
    audience_trim(audience);
    framing_close(hub, audience, audience->speech->pace_ms == 0);
    audience->has_joined = true;
    follower->slow->catchup = catchup;
    follower->cursor = hub->version;
    follower->debt = count_known(audience) - (int64_t)audience->accepted;
    follower->is_joining = true;
    serve_set_behind(hub, follower, true);
    if (slow_portion(follower) > 0)
        serve_catch_up(hub, follower, now_ms);
    return 0;
}

void serve_forget(struct hub *hub, struct follower *follower)
{
    leave_place(follower);
    slow_forget_catchup(follower);
    follower->debt = 0;
    follower->is_joining = false;
    serve_set_behind(hub, follower, false);
}

void serve_go_on(struct hub *hub, struct follower *follower, uint64_t now_ms)
{
    bool was_lagging = follower->place != NULL;
    serve_check_lag(hub, follower, now_ms);
    go_on(hub, follower, now_ms);
    if (follower->place == NULL)
        follower->patient = follower->held;
    if (was_lagging && follower->place == NULL)
        audience_trim(follower->audience);
    if (follower->behind && slow_portion(follower) > 0)
        serve_catch_up(hub, follower, now_ms);
    slow_look(hub, follower, now_ms);
}
