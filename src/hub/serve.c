#include "hub/serve.h"

#include "base/check.h"
#include "base/mem.h"
#include "hub/catchup.h"

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
    hub->stats.delivered +=
        batch_frames_before(batch, offset) - batch_frames_before(batch, follower->place_offset);
    follower->cursor = batch_version_at(batch, offset);
    follower->place_offset = offset;
    if (offset == batch->bytes)
        go_to_next_batch(follower);
}

static void keep(struct hub *hub, struct follower *follower, struct span rest)
{
    if (rest.len > 0)
        hub->options.sink.keep(follower->owner, rest);
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
        keep(hub, follower, span_of(batch->memory + cut, boundary - cut));
        move_place(hub, follower, boundary);
        taken -= step;
    }
}

static size_t gather(const struct follower *follower, struct span *spans, size_t *offered)
{
    size_t count = 0;
    uint32_t offset = follower->place_offset;
    *offered = 0;
    for (const struct batch *at = follower->place; at != NULL && count < SPANS_PER_SEND;
         at = at->next, offset = 0) {
        spans[count] = span_of(at->memory + offset, at->bytes - offset);
        *offered += spans[count++].len;
    }
    return count;
}

static size_t send_spans(struct hub *hub, struct follower *follower, const struct span *spans,
                         size_t count)
{
    hub->stats.sends++;
    return hub->options.sink.send(follower->owner, spans, count);
}

/* Send from the place on, until all is out or the socket is full. */
static void go_on(struct hub *hub, struct follower *follower)
{
    while (follower->place != NULL && !follower->blocked) {
        struct span spans[SPANS_PER_SEND];
        size_t offered;
        size_t count = gather(follower, spans, &offered);
        size_t taken = send_spans(hub, follower, spans, count);
        CHECK(taken <= offered);
        follower->blocked = taken < offered;
        advance(hub, follower, taken);
    }
}

void serve_batch(struct hub *hub, struct follower *follower, uint64_t now_ms)
{
    struct batch *batch = follower->audience->flushing;
    if (follower->behind)
        return;
    if (follower->place == NULL && batch_last_version(batch) > follower->cursor)
        take_place(follower, batch);
    go_on(hub, follower);
    serve_check_lag(hub, follower, now_ms);
}

/* Send from the place on while the socket takes it, and keep the rest: then there is no place any more. */
static void hand_over_place(struct hub *hub, struct follower *follower)
{
    go_on(hub, follower);
    while (follower->place != NULL) {
        const struct batch *batch = follower->place;
        uint32_t from = follower->place_offset;
        keep(hub, follower, span_of(batch->memory + from, batch->bytes - from));
        move_place(hub, follower, batch->bytes);
    }
}

static void hand_over_batch(struct hub *hub, struct follower *follower, struct batch *batch)
{
    if (batch == NULL || batch->frames == 0 || batch_last_version(batch) <= follower->cursor)
        return;
    take_place(follower, batch);
    hand_over_place(hub, follower);
}

void serve_hand_over(struct hub *hub, struct follower *follower)
{
    hand_over_place(hub, follower);
    hand_over_batch(hub, follower, follower->audience->flushing);
    hand_over_batch(hub, follower, follower->audience->pending);
    follower->cursor = hub->version;
}

/* --- behind --------------------------------------------------------------------------------------------------------- */

static bool is_over_budget(const struct hub *hub, const struct follower *follower, uint64_t now_ms)
{
    const struct batch *place = follower->place;
    uint64_t bytes =
        follower->audience->stream_bytes - place->stream_start - follower->place_offset;
    return bytes > hub->options.lag_bytes || now_ms - place->sealed_ms > hub->options.lag_ms;
}

void serve_check_lag(struct hub *hub, struct follower *follower, uint64_t now_ms)
{
    if (follower->place == NULL || !is_over_budget(hub, follower, now_ms))
        return;
    const struct batch *place = follower->place;
    uint64_t got = place->count_start + batch_frames_before(place, follower->place_offset);
    follower->debt = -(int64_t)got;
    follower->cursor = batch_version_at(place, follower->place_offset);
    follower->behind = true;
    hub->stats.behind++;
    leave_place(follower);
    audience_trim(follower->audience);
}

static bool is_owed(const struct follower *follower, uint32_t index)
{
    uint64_t served =
        follower->catchup != NULL ? catchup_served(follower->catchup, index) : follower->cursor;
    return follower->audience->runners[index]->version > served;
}

/* Of the positions it has not got, all but those still `owed` were given up for newer ones. */
static void count_superseded(struct hub *hub, struct follower *follower, uint32_t owed)
{
    int64_t given_up = follower->debt + (int64_t)follower->audience->accepted - owed;
    if (given_up <= 0) /* below 0 only after something was sent twice for want of memory */
        return;
    hub->stats.superseded += (uint64_t)given_up;
    follower->superseded += (uint64_t)given_up;
}

static void is_in_sync_again(struct hub *hub, struct follower *follower)
{
    count_superseded(hub, follower, 0);
    follower->cursor = hub->version;
    serve_forget(hub, follower);
}

void serve_end(struct hub *hub, struct follower *follower)
{
    uint32_t owed = 0;
    for (uint32_t i = 0; follower->behind && i < follower->audience->runner_count; i++)
        owed += is_owed(follower, i);
    if (follower->behind)
        count_superseded(hub, follower, owed);
    serve_forget(hub, follower);
}

void serve_forget(struct hub *hub, struct follower *follower)
{
    leave_place(follower);
    mem_free(follower->catchup);
    follower->catchup = NULL;
    follower->debt = 0;
    hub->stats.behind -= follower->behind;
    follower->behind = false;
}

/* One round through the set, from where the last one stopped; step k is index (begin + k) of the set, wrapped. */
struct round {
    uint32_t begin;
    uint32_t size;
    uint32_t served; /* steps that need no more */
};

#define CHUNK_FRAMES 256
#define CHUNK_BYTES 16384

/* Some frames of a round, sent as one; they lie in the hub's scratch buffer. */
struct chunk {
    uint32_t frames;
    struct {
        uint32_t end;  /* offset behind the frame */
        uint32_t step; /* of its runner */
    } marks[CHUNK_FRAMES];
};

static uint32_t index_of_step(const struct round *round, uint32_t step)
{
    return (uint32_t)(((uint64_t)round->begin + step) % round->size);
}

/* Encode owed runners from step `from` on; returns the step behind the last one looked at. */
static uint32_t fill_chunk(struct hub *hub, const struct follower *follower,
                           const struct round *round, struct chunk *chunk)
{
    uint32_t step = round->served;
    hub->scratch.len = 0;
    chunk->frames = 0;
    for (; step < round->size && chunk->frames < CHUNK_FRAMES && hub->scratch.len < CHUNK_BYTES;
         step++) {
        uint32_t index = index_of_step(round, step);
        if (!is_owed(follower, index))
            continue;
        /* hub_new() made room: a frame fits */
        const struct position *newest = &follower->audience->runners[index]->newest;
        CHECK(follower->dialect->encode(newest, &hub->scratch) == 0);
        chunk->marks[chunk->frames].end = (uint32_t)hub->scratch.len;
        chunk->marks[chunk->frames].step = step;
        chunk->frames++;
    }
    return step;
}

/* The socket cut the chunk after `taken` bytes: complete the frame, and count the steps up to it as served. */
static uint32_t complete_cut_chunk(struct hub *hub, struct follower *follower,
                                   const struct round *round, const struct chunk *chunk,
                                   size_t taken)
{
    uint32_t frames = 0;
    uint32_t served = round->served;
    size_t end = 0;
    for (; end < taken; frames++) {
        CHECK(frames < chunk->frames);
        end = chunk->marks[frames].end;
        served = chunk->marks[frames].step + 1;
    }
    keep(hub, follower, span_of(hub->scratch.data + taken, end - taken));
    hub->stats.delivered += frames;
    follower->debt -= frames;
    return served;
}

/* Remember how far the round got. Without memory for that, what was sent since the last time is sent twice. */
static void remember_round(struct hub *hub, struct follower *follower, const struct round *round)
{
    if (follower->catchup == NULL)
        follower->catchup = catchup_new(round->size, follower->cursor);
    if (follower->catchup == NULL || round->served == 0)
        return;
    uint64_t end = (uint64_t)round->begin + round->served;
    uint32_t wrapped = end > round->size ? (uint32_t)(end - round->size) : 0;
    uint32_t unwrapped = end > round->size ? round->size : (uint32_t)end;
    if (catchup_serve(&follower->catchup, round->begin, unwrapped, hub->version) < 0 ||
        catchup_serve(&follower->catchup, 0, wrapped, hub->version) < 0)
        return;
    follower->catchup->at = index_of_step(round, round->served);
}

static void send_chunk(struct hub *hub, struct follower *follower, struct round *round,
                       const struct chunk *chunk, uint32_t looked_at)
{
    struct span bytes = buf_span(&hub->scratch);
    size_t taken = bytes.len == 0 ? 0 : send_spans(hub, follower, &bytes, 1);
    CHECK(taken <= bytes.len);
    follower->blocked = taken < bytes.len;
    uint32_t served = complete_cut_chunk(hub, follower, round, chunk, taken);
    round->served = follower->blocked ? served : looked_at;
}

void serve_catch_up(struct hub *hub, struct follower *follower)
{
    struct chunk chunk;
    struct round round = {
        .begin = follower->catchup != NULL ? follower->catchup->at : 0,
        .size = follower->audience->runner_count,
    };
    while (round.served < round.size && !follower->blocked) {
        uint32_t looked_at = fill_chunk(hub, follower, &round, &chunk);
        send_chunk(hub, follower, &round, &chunk, looked_at);
    }
    if (round.served == round.size)
        is_in_sync_again(hub, follower);
    else
        remember_round(hub, follower, &round);
}

void serve_writable(struct hub *hub, struct follower *follower, uint64_t now_ms)
{
    bool was_lagging = follower->place != NULL;
    follower->blocked = false;
    serve_check_lag(hub, follower, now_ms);
    go_on(hub, follower);
    if (was_lagging && follower->place == NULL)
        audience_trim(follower->audience);
    if (follower->behind)
        serve_catch_up(hub, follower);
}
