/*
 * fuzz_hub: the hub against a naive model.
 *
 * The input is a race's morning: positions, follows, sockets that fill up and drain, sessions that leave, time that passes,
 * flushes with small budgets, allocations that fail. The model keeps, for each peer, a plain list of what it is owed. After
 * every step:
 *
 *   - a peer whose lag was never over the budget got every position it was owed, in order, once (guarantee 1);
 *   - any other got of each runner ever newer positions, and once its socket has room and the flush is done, the newest of
 *     each; what it did not get is counted as superseded (guarantee 2);
 *   - nobody got a position of a runner it does not follow, or from before it followed (but for the snapshot);
 *   - the gauges are what the model says, and the memory held is bounded by the lag budget (guarantees 3 and 6).
 *
 * Whether a peer was over the budget is judged from outside, by what it was owed and not handed; in doubt it was. The world
 * checks frames, full sockets and the count of deliveries (world.h).
 */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/world.h"

#define RUNNERS 8
#define SLOTS 6
#define STEPS_MAX 1500
#define FIRST_TIME_US 10000000
#define STEP_US 400 /* between positions: some are of one millisecond */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const ids[RUNNERS] = {"7", "77", "8", "a", "bb", "runner-of-a-longer-id",
                                         "9", "90"};

static const struct hub_dialect *const dialects[] = {&dialect_compact, &dialect_bulky,
                                                     &dialect_packed};

struct input {
    const uint8_t *data;
    size_t len;
};

static uint8_t input_byte(struct input *input)
{
    if (input->len == 0)
        return 0;
    input->len--;
    return *input->data++;
}

struct owed {
    int64_t number;
    uint64_t accepted_ms;
    uint8_t runner;
    bool is_claimed;   /* it may not be superseded */
    bool is_of_follow; /* the newest as of a follow */
};

/* One peer at a time lives in a slot. */
struct slot {
    struct peer *peer;
    bool follows[RUNNERS];
    int64_t floor[RUNNERS]; /* only greater numbers may come */
    struct owed owed[STEPS_MAX + RUNNERS];
    size_t owed_count;
    size_t heard;        /* arrivals looked at */
    size_t sealed_heard; /* frames of several */
    bool is_relaxed;     /* it may be behind */
    bool may_hear_twice; /* memory failed while it caught up */

    /* Since it was last in sync. */
    uint64_t owed_total;
    uint64_t delivered;
    uint64_t superseded_before;
};

struct model {
    struct world *world;
    struct slot slots[SLOTS];
    int64_t number;          /* of the last position published */
    int64_t newest[RUNNERS]; /* number; 0: none */
    int64_t newest_time_us[RUNNERS];
    uint64_t renewed_ms[RUNNERS];
    int64_t forgotten[RUNNERS]; /* up to this number nobody is owed anything but by claim */
    uint64_t received;
    uint64_t late;
    size_t unflushed_bytes; /* at most, of any audience */
    size_t largest_batch_bytes;
    bool is_failing; /* the call under way lacks memory */
};

/* --- what the model knows ------------------------------------------------------------------------------------------- */

static bool is_followed(const struct model *model, size_t runner)
{
    for (size_t i = 0; i < SLOTS; i++)
        if (model->slots[i].follows[runner])
            return true;
    return false;
}

static bool is_known(const struct model *model, size_t runner)
{
    return model->newest[runner] != 0 || is_followed(model, runner);
}

static size_t count_known(const struct model *model)
{
    size_t count = 0;
    for (size_t i = 0; i < RUNNERS; i++)
        count += is_known(model, i);
    return count;
}

static size_t count_followed(const struct slot *slot)
{
    size_t count = 0;
    for (size_t i = 0; i < RUNNERS; i++)
        count += slot->follows[i];
    return count;
}

static bool is_same_audience(const struct slot *a, const struct slot *b)
{
    return a->peer->follower.dialect == b->peer->follower.dialect &&
           memcmp(a->follows, b->follows, sizeof a->follows) == 0;
}

static void count_gauges(const struct model *model, size_t *followers, size_t *audiences)
{
    *followers = 0;
    *audiences = 0;
    for (size_t i = 0; i < SLOTS; i++) {
        const struct slot *slot = &model->slots[i];
        if (count_followed(slot) == 0)
            continue;
        bool is_first = true;
        for (size_t k = 0; k < i; k++)
            is_first = is_first && !is_same_audience(slot, &model->slots[k]);
        *followers += 1;
        *audiences += is_first;
    }
}

static void check_gauges(const struct model *model)
{
    struct hub_stats stats = hub_stats(model->world->hub);
    size_t followers;
    size_t audiences;
    count_gauges(model, &followers, &audiences);
    CHECK(stats.followers == followers);
    CHECK(stats.audiences == audiences);
    CHECK(stats.behind <= followers);
    CHECK(stats.runners == count_known(model));
    CHECK(stats.received == model->received);
    CHECK(stats.late == model->late);
    for (size_t i = 0; i < SLOTS; i++)
        CHECK(hub_following(&model->slots[i].peer->follower) == count_followed(&model->slots[i]));
}

/* --- what a peer was handed ----------------------------------------------------------------------------------------- */

static size_t runner_index(const struct arrival *arrival)
{
    size_t index = 0;
    while (index < RUNNERS && !arrival_is_of(arrival, ids[index]))
        index++;
    CHECK(index < RUNNERS);
    return index;
}

/* Take what was delivered from the list, and older positions of the same runner, which must not come any more. */
static void slot_settle(struct slot *slot, size_t at)
{
    struct owed delivered = slot->owed[at];
    size_t left = 0;
    for (size_t i = 0; i < slot->owed_count; i++) {
        bool is_older = i < at && slot->owed[i].runner == delivered.runner;
        CHECK(!is_older || !slot->owed[i].is_claimed);
        if (i != at && !is_older)
            slot->owed[left++] = slot->owed[i];
    }
    slot->owed_count = left;
    slot->floor[delivered.runner] = delivered.number;
    slot->delivered++;
}

static void slot_hear(struct slot *slot, const struct arrival *arrival)
{
    size_t runner = runner_index(arrival);
    int64_t number = arrival->moment.number;
    CHECK(slot->follows[runner]);
    if (slot->may_hear_twice && number == slot->floor[runner])
        return;
    CHECK(number > slot->floor[runner]);
    size_t at = 0;
    while (at < slot->owed_count && slot->owed[at].number != number)
        at++;
    CHECK(at < slot->owed_count && slot->owed[at].runner == runner);
    CHECK(at == 0 || slot->is_relaxed);
    slot_settle(slot, at);
}

/* It may be held until it answers. */
static bool is_waiting(const struct slot *slot)
{
    return slot->peer->full || slot->peer->answered < slot->peer->probe_count ||
           slot->peer->passed_bytes < slot->peer->handed_bytes;
}

/* The probes that may lie among so many bytes of a stream. */
static size_t probe_bytes(const struct model *model, size_t bytes)
{
    return model->world->options.fresh_ms > 0 ? HUB_PROBE_BYTES * (1 + bytes / 4096) : 0;
}

/* Over the budget it may be behind, and has no claim to anything between. */
static void slot_measure(const struct model *model, struct slot *slot)
{
    const struct hub_options *options = &model->world->options;
    size_t bytes = 0;
    bool is_old = false;
    for (size_t i = 0; i < slot->owed_count; i++) {
        bytes += frame_bytes(slot->peer->follower.dialect, ids[slot->owed[i].runner]);
        is_old = is_old || model->world->now_ms - slot->owed[i].accepted_ms > options->lag_ms;
    }
    bytes += probe_bytes(model, bytes);
    if (!is_waiting(slot) || (bytes <= options->lag_bytes && !is_old))
        return;
    slot->is_relaxed = true;
    for (size_t i = 0; i < slot->owed_count; i++)
        slot->owed[i].is_claimed = false;
}

/*
 * Who is told that he has all up to a number is owed nothing up to there, but for what he asked for while that was under way. Numbers
 * of positions are those of their origin.
 */
static void slot_check_sealed(const struct model *model, const struct slot *slot,
                              const struct sealed *sealed)
{
    for (size_t i = 0; i < slot->owed_count && sealed->has_applied; i++) {
        const struct owed *owed = &slot->owed[i];
        CHECK(owed->number > (int64_t)sealed->applied ||
              (owed->is_of_follow && !sealed->is_snapshot) ||
              owed->number <= model->forgotten[owed->runner]);
    }
}

static void slot_listen(const struct model *model, struct slot *slot)
{
    const struct peer *peer = slot->peer;
    for (;; slot->heard++) {
        for (; slot->sealed_heard < peer->sealed_count &&
               peer->sealed[slot->sealed_heard].arrivals == slot->heard;
             slot->sealed_heard++)
            slot_check_sealed(model, slot, &peer->sealed[slot->sealed_heard]);
        if (slot->heard == peer->arrival_count)
            return;
        slot_hear(slot, &peer->arrivals[slot->heard]);
    }
}

/* After each call of the hub. */
static void listen(struct model *model)
{
    mem_fail_after(-1);
    model->is_failing = false;
    for (size_t i = 0; i < SLOTS; i++) {
        struct slot *slot = &model->slots[i];
        slot_listen(model, slot);
        slot_measure(model, slot);
    }
    check_gauges(model);
}

/* --- in sync -------------------------------------------------------------------------------------------------------- */

static void slot_begin_anew(struct slot *slot)
{
    slot->owed_count = 0;
    slot->owed_total = 0;
    slot->delivered = 0;
    slot->superseded_before = slot->peer->follower.superseded;
    slot->is_relaxed = false;
    slot->may_hear_twice = false;
}

/* Nothing is left to flush, and this peer's socket has room: it has all it is ever going to get. */
static void slot_check_in_sync(const struct model *model, struct slot *slot)
{
    CHECK(slot->is_relaxed || slot->owed_count == 0);
    for (size_t i = 0; i < slot->owed_count; i++) {
        const struct owed *owed = &slot->owed[i];
        CHECK(!owed->is_claimed);
        CHECK(owed->number < slot->floor[owed->runner] ||
              owed->number <= model->forgotten[owed->runner]);
    }
    uint64_t superseded = slot->peer->follower.superseded - slot->superseded_before;
    CHECK(slot->may_hear_twice || slot->owed_total == slot->delivered + superseded);
    slot_begin_anew(slot);
}

static void check_memory(const struct model *model)
{
    struct hub_stats stats = hub_stats(model->world->hub);
    size_t bytes = model->world->options.lag_bytes + model->largest_batch_bytes;
    CHECK(stats.queued_bytes <= stats.audiences * (bytes + probe_bytes(model, bytes)));
}

static void on_all_flushed(struct model *model)
{
    model->unflushed_bytes = 0;
    bool is_anybody_waiting = false;
    for (size_t i = 0; i < SLOTS; i++) {
        if (is_waiting(&model->slots[i]))
            is_anybody_waiting = true;
        else
            slot_check_in_sync(model, &model->slots[i]);
    }
    check_memory(model);
    struct hub_stats stats = hub_stats(model->world->hub);
    CHECK(is_anybody_waiting || (stats.behind == 0 && stats.queued_bytes == 0));
}

/* --- steps ---------------------------------------------------------------------------------------------------------- */

static void slot_owe(struct slot *slot, struct owed owed)
{
    CHECK(slot->owed_count < STEPS_MAX + RUNNERS);
    owed.is_claimed = !slot->is_relaxed;
    slot->owed[slot->owed_count++] = owed;
    slot->owed_total++;
}

static void accept_position(struct model *model, size_t runner, struct moment moment)
{
    model->received++;
    model->newest[runner] = moment.number;
    model->newest_time_us[runner] = moment.time_ms * 1000 + moment.rest_us;
    model->renewed_ms[runner] = model->world->now_ms;
    model->unflushed_bytes += frame_bytes(&dialect_bulky, ids[runner]);
    if (model->unflushed_bytes > model->largest_batch_bytes)
        model->largest_batch_bytes = model->unflushed_bytes;
    struct owed owed = {
        .number = moment.number, .accepted_ms = model->world->now_ms, .runner = (uint8_t)runner};
    for (size_t i = 0; i < SLOTS; i++)
        if (model->slots[i].follows[runner])
            slot_owe(&model->slots[i], owed);
}

static size_t count_with_position(const struct model *model)
{
    size_t count = 0;
    for (size_t i = 0; i < RUNNERS; i++)
        count += model->newest[i] != 0;
    return count;
}

static void step_publish(struct model *model, struct input *input)
{
    uint8_t choice = input_byte(input);
    size_t runner = choice % RUNNERS;
    int64_t delta_us = STEP_US * ((choice >> 3) % 4 == 0 ? (choice >> 5) - 4 : 1);
    int64_t time_us = model->newest_time_us[runner] + delta_us;
    struct moment moment = {.number = ++model->number,
                            .time_ms = time_us / 1000,
                            .rest_us = (uint16_t)(time_us % 1000)};
    size_t max = model->world->options.max_runners;
    int expected = 0;
    if (!is_known(model, runner) && max > 0 && count_with_position(model) >= max)
        expected = ERR_TOO_MANY;
    else if (model->newest[runner] != 0 && delta_us < 0)
        expected = HUB_LATE;
    int err = world_receive(model->world, ids[runner], moment);
    CHECK(err == expected || (model->is_failing && err == ERR_NO_MEMORY));
    model->late += err == HUB_LATE;
    if (err == 0)
        accept_position(model, runner, moment);
}

static void step_flush(struct model *model, struct input *input)
{
    (void)input;
    bool more = world_flush(model->world);
    listen(model);
    if (!more)
        on_all_flushed(model);
}

static void step_turn(struct model *model, struct input *input)
{
    (void)input;
    while (world_flush(model->world))
        listen(model);
    listen(model);
    on_all_flushed(model);
}

static struct slot *input_slot(struct model *model, struct input *input)
{
    return &model->slots[input_byte(input) % SLOTS];
}

/* What is expected of a follow of `wanted`: 0 or an error. */
static int expect_follow(const struct model *model, const struct slot *slot, const bool *wanted,
                         size_t max_following)
{
    size_t total = 0;
    size_t known = count_known(model);
    for (size_t i = 0; i < RUNNERS; i++) {
        total += slot->follows[i] || wanted[i];
        known += wanted[i] && !is_known(model, i);
    }
    bool is_new = known > count_known(model);
    if (is_new && model->world->options.max_runners > 0 &&
        known > model->world->options.max_runners)
        return ERR_TOO_MANY;
    return max_following > 0 && total > max_following && total > 0 ? ERR_FULL : 0;
}

static void slot_add(const struct model *model, struct slot *slot, size_t runner, bool snapshot)
{
    slot->follows[runner] = true;
    slot->floor[runner] = model->number;
    if (!snapshot)
        return;
    slot->is_relaxed = true;
    if (model->newest[runner] == 0)
        return;
    slot->floor[runner] = model->newest[runner] - 1;
    slot_owe(slot, (struct owed){.number = model->newest[runner],
                                 .accepted_ms = model->world->now_ms,
                                 .runner = (uint8_t)runner,
                                 .is_of_follow = true});
}

static void step_follow(struct model *model, struct input *input)
{
    struct slot *slot = input_slot(model, input);
    uint8_t mask = input_byte(input);
    uint8_t how = input_byte(input);
    struct hub_follow follow = {.snapshot = how & 1, .max_following = how & 2 ? how >> 4 : 0};
    char text[256] = "";
    bool wanted[RUNNERS] = {false};
    for (size_t i = 0; i < RUNNERS; i++) {
        size_t runner = how & 4 ? i : RUNNERS - 1 - i;
        wanted[runner] = mask >> runner & 1;
        for (int times = how & 8 ? 2 : 1; wanted[runner] && times > 0; times--) {
            memcpy(text + strlen(text), ids[runner], strlen(ids[runner]) + 1);
            memcpy(text + strlen(text), " ", 2);
        }
    }
    int expected = expect_follow(model, slot, wanted, follow.max_following);
    int err = peer_try_follow(slot->peer, text, follow);
    CHECK(err == expected || (model->is_failing && err == ERR_NO_MEMORY));
    if (err != 0)
        return;
    slot->may_hear_twice = slot->may_hear_twice || model->is_failing;
    for (size_t i = 0; i < RUNNERS; i++)
        if (wanted[i] && !slot->follows[i])
            slot_add(model, slot, i, follow.snapshot);
}

static bool is_kept(void *ctx, const struct runner_id *id)
{
    const uint8_t *mask = ctx;
    size_t i = 0;
    while (strlen(ids[i]) != id->len || memcmp(ids[i], id->text, id->len) != 0)
        i++;
    return *mask >> i & 1;
}

/* Not followed any more: nothing of it is owed, and what was counts as superseded. */
static void slot_drop(struct slot *slot, size_t runner)
{
    size_t left = 0;
    for (size_t i = 0; i < slot->owed_count; i++) {
        bool is_dropped = slot->owed[i].runner == runner;
        CHECK(!is_dropped || !slot->owed[i].is_claimed);
        if (!is_dropped)
            slot->owed[left++] = slot->owed[i];
    }
    slot->owed_count = left;
    slot->follows[runner] = false;
}

/* The backlog of one that is not behind goes out first, whole. */
static void step_narrow(struct model *model, struct slot *slot, uint8_t mask)
{
    int err =
        hub_narrow(model->world->hub, &slot->peer->follower, is_kept, &mask, model->world->now_ms);
    CHECK(err == 0 || (model->is_failing && err == ERR_NO_MEMORY));
    slot->may_hear_twice = slot->may_hear_twice || model->is_failing;
    for (; slot->heard < slot->peer->arrival_count; slot->heard++)
        slot_hear(slot, &slot->peer->arrivals[slot->heard]);
    bool is_leaving = hub_following(&slot->peer->follower) == 0;
    if (err == 0 && is_leaving)
        slot_begin_anew(slot);
    for (size_t i = 0; err == 0 && i < RUNNERS; i++)
        if (slot->follows[i] && !(mask >> i & 1))
            slot_drop(slot, i);
}

/* In the high bit of the byte: only some of its runners. */
static void step_leave(struct model *model, struct input *input)
{
    uint8_t choice = input_byte(input);
    struct slot *slot = &model->slots[choice % SLOTS];
    if (choice >= 128) {
        step_narrow(model, slot, input_byte(input));
        return;
    }
    peer_leave(slot->peer);
    CHECK(slot->heard == slot->peer->arrival_count);
    memset(slot->follows, 0, sizeof slot->follows);
    slot_begin_anew(slot);
}

static void slot_fill(struct model *model, struct slot *slot, const struct hub_dialect *dialect)
{
    slot->peer = world_join(model->world, dialect);
    slot->heard = 0;
    slot->sealed_heard = 0;
    slot_begin_anew(slot);
}

static void step_quit(struct model *model, struct input *input)
{
    struct slot *slot = input_slot(model, input);
    peer_leave(slot->peer);
    CHECK(slot->heard == slot->peer->arrival_count);
    memset(slot->follows, 0, sizeof slot->follows);
    slot->peer->open = false;
    slot_fill(model, slot, dialects[input_byte(input) % 3]);
}

static void step_limit(struct model *model, struct input *input)
{
    struct slot *slot = input_slot(model, input);
    peer_limit(slot->peer, input_byte(input) * 3U);
}

static void step_block(struct model *model, struct input *input)
{
    struct slot *slot = input_slot(model, input);
    if (input_byte(input) % 2 == 0)
        peer_block(slot->peer);
    else
        peer_block_unseen(slot->peer);
}

static void drain(struct model *model, struct slot *slot, uint64_t bytes)
{
    slot->may_hear_twice = slot->may_hear_twice || model->is_failing;
    peer_drain(slot->peer, bytes);
}

static void step_drain(struct model *model, struct input *input)
{
    struct slot *slot = input_slot(model, input);
    drain(model, slot, input_byte(input) % 128U);
}

static void answer(struct model *model, struct slot *slot)
{
    slot->may_hear_twice = slot->may_hear_twice || model->is_failing;
    peer_answer(slot->peer);
}

/* In the high bits of the byte: an answer that was not asked for. */
static void step_answer(struct model *model, struct input *input)
{
    uint8_t choice = input_byte(input);
    struct slot *slot = &model->slots[choice % SLOTS];
    if (choice < 128)
        answer(model, slot);
    else
        hub_answered(model->world->hub, &slot->peer->follower, choice + 128U, model->world->now_ms);
}

static void step_unblock(struct model *model, struct input *input)
{
    drain(model, input_slot(model, input), ROOM_WITHOUT_END);
}

static void step_advance(struct model *model, struct input *input)
{
    world_advance(model->world, input_byte(input) * 8U);
}

/* The same as the hub, the slow way: the one that was renewed longest ago is forgotten first. */
static void forget_oldest(struct model *model)
{
    size_t oldest = RUNNERS;
    for (size_t i = 0; i < RUNNERS; i++)
        if (model->newest[i] != 0 &&
            (oldest == RUNNERS || model->newest[i] < model->newest[oldest]))
            oldest = i;
    if (oldest == RUNNERS ||
        model->world->now_ms - model->renewed_ms[oldest] <= model->world->options.position_ttl_ms)
        return;
    model->forgotten[oldest] = model->newest[oldest];
    model->newest[oldest] = 0;
}

static void step_expire(struct model *model, struct input *input)
{
    uint8_t budget = input_byte(input) % 4;
    world_expire(model->world, budget);
    for (; budget > 0 && model->world->options.position_ttl_ms > 0; budget--)
        forget_oldest(model);
}

static void (*const steps[])(struct model *, struct input *) = {
    step_publish, step_publish, step_publish, step_publish, step_publish, step_answer, step_flush,
    step_flush,   step_turn,    step_follow,  step_follow,  step_leave,   step_quit,   step_limit,
    step_block,   step_drain,   step_drain,   step_unblock, step_advance, step_expire,
};

/* The high bit of a step's byte: an allocation in it fails. */
static void take_step(struct model *model, struct input *input)
{
    uint8_t choice = input_byte(input);
    model->is_failing = choice & 0x80;
    if (model->is_failing)
        mem_fail_after(input_byte(input) % 16);
    steps[(choice & 0x7F) % (sizeof steps / sizeof *steps)](model, input);
    listen(model);
}

/* --- a whole morning ------------------------------------------------------------------------------------------------ */

static struct hub_options choose_options(struct input *input)
{
    static const size_t lags_bytes[] = {0, 40, 150, 600, 3000, 65536};
    static const size_t sends[] = {1, 2, 3, 1000000};
    uint8_t a = input_byte(input);
    uint8_t b = input_byte(input);
    return (struct hub_options){
        .lag_bytes = lags_bytes[a % 6],
        .lag_ms = a & 0x80 ? 1000 : 100000,
        .flush_sends = sends[b % 4],
        .position_ttl_ms = b & 0x10 ? 1600 : 0,
        .fresh_ms = b & 0x40 ? 1000 : 0,
        .max_runners = b & 0x20 ? 6 : 0,
    };
}

/* Until nobody is held any more: each answer may let more go out, and with it a probe. */
static void answer_all(struct model *model)
{
    for (size_t i = 0; i < SLOTS; i++) {
        struct slot *slot = &model->slots[i];
        for (int rounds = 0; slot->peer->answered < slot->peer->probe_count; rounds++) {
            CHECK(rounds < STEPS_MAX);
            answer(model, slot);
            listen(model);
        }
    }
}

static void end(struct model *model)
{
    struct input nothing = {NULL, 0};
    for (size_t i = 0; i < SLOTS; i++) {
        drain(model, &model->slots[i], ROOM_WITHOUT_END);
        listen(model);
    }
    answer_all(model);
    step_turn(model, &nothing);
    answer_all(model);
    step_turn(model, &nothing);
    for (size_t i = 0; i < SLOTS; i++)
        peer_leave(model->slots[i].peer);
    memset(model->slots, 0, sizeof model->slots);
    size_t with_position = count_known(model);
    CHECK(hub_stats(model->world->hub).runners == with_position);
    world_free(&model->world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct model *model = mem_must(sizeof *model);
    model->world = world_new(choose_options(&input));
    for (size_t i = 0; i < RUNNERS; i++)
        model->newest_time_us[i] = FIRST_TIME_US;
    for (size_t i = 0; i < SLOTS; i++)
        slot_fill(model, &model->slots[i], dialects[i % 3]);
    for (int i = 0; i < STEPS_MAX && input.len > 0; i++)
        take_step(model, &input);
    end(model);
    mem_free(model);
    return 0;
}
