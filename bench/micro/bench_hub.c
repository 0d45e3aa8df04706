/*
 * What the hub costs: who follows whom is a shape; a round publishes so many positions in the seed dialect and flushes to a
 * sink that only counts. So what is counted is all that the server does for a delivery but for the system's send.
 */
#include <stdbool.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/mem.h"
#include "bench/lib/bench.h"
#include "bench/lib/loopback.h"
#include "hub/hub.h"
#include "proto/seed.h"

#define MAX_FOLLOWS 1000
#define ROUND_MS 25
#define LAG_MS 1000
#define STRIDE 7919 /* prime: a round's positions are of runners all over the course */

struct shape {
    uint32_t followers;
    uint32_t runners;
    uint32_t follows;   /* of each follower; all runners, or so many drawn ones */
    uint32_t per_flush; /* positions */
    uint32_t pace_ms;
    uint32_t stalled_one_in; /* of so many followers one does not read; 0: all read */
};

struct reader {
    struct follower follower;
    struct world *world;
    bool is_stalled;
};

struct world {
    const struct shape *shape;
    struct hub *hub;           /* owned */
    struct position *newest;   /* owned; of each runner, as published */
    struct reader *readers;    /* owned; shape->followers, and a spare one that follows nothing */
    struct loopback *loopback; /* owned; NULL: not needed yet */
    struct buf frame;          /* owned */
    uint64_t random;
    uint64_t now_ms;
    uint64_t published;
};

static const struct hub_dialect seed_dialect = {.encode = seed_encode_frame};

static size_t sink_send(void *owner, const struct span *spans, size_t count)
{
    const struct reader *reader = owner;
    size_t bytes = 0;
    for (size_t i = 0; i < count && !reader->is_stalled; i++)
        bytes += spans[i].len;
    return bytes;
}

static void sink_keep(void *owner, struct span rest)
{
    (void)owner;
    bench_touch(rest.data);
}

/* --- the world ------------------------------------------------------------------------------------------------------ */

static void draw_ids(struct world *world, struct runner_id *ids)
{
    const struct shape *shape = world->shape;
    bool follows_all = shape->follows == shape->runners;
    for (uint32_t i = 0; i < shape->follows; i++) {
        uint32_t runner = follows_all ? i : bench_random(&world->random, shape->runners);
        ids[i] = world->newest[runner].runner;
    }
}

static void follow(struct world *world, struct reader *reader)
{
    struct runner_id ids[MAX_FOLLOWS];
    struct hub_follow what = {
        .ids = ids,
        .count = world->shape->follows,
        .sets_pace = world->shape->pace_ms > 0,
        .pace_ms = world->shape->pace_ms,
    };
    CHECK(what.count <= MAX_FOLLOWS);
    draw_ids(world, ids);
    CHECK(hub_follow(world->hub, &reader->follower, &what, world->now_ms) == 0);
}

/* A runner's newest position becomes that of the runner who is ahead: so little is spent on making up new ones. */
static void publish(struct world *world)
{
    uint32_t runners = world->shape->runners;
    uint64_t turn = world->published++;
    uint32_t runner = (uint32_t)(turn * STRIDE % runners);
    struct position *position = &world->newest[runner];
    position->lat = world->newest[runner + 1 < runners ? runner + 1 : 0].lat;
    position->time_ms = (int64_t)turn;
    CHECK(hub_publish(world->hub, position, world->now_ms) == 0);
}

static void play_round(struct world *world)
{
    uint32_t pace_ms = world->shape->pace_ms;
    for (uint32_t i = 0; i < world->shape->per_flush; i++)
        publish(world);
    world->now_ms += pace_ms > 0 ? pace_ms : ROUND_MS;
    CHECK(!hub_flush(world->hub, world->now_ms));
}

static void join(struct world *world, uint32_t index)
{
    struct reader *reader = &world->readers[index];
    uint32_t one_in = world->shape->stalled_one_in;
    reader->world = world;
    reader->follower.owner = reader;
    reader->follower.dialect = &seed_dialect;
    if (index == world->shape->followers)
        return;
    reader->is_stalled = one_in > 0 && index % one_in == 0;
    follow(world, reader);
}

/* Every runner has a newest position, and the stalled ones are behind, before anything is counted. */
static void *world_setup(const void *shape)
{
    struct world *world = mem_must(sizeof *world);
    struct hub_options options = {
        .sink = {.send = sink_send, .keep = sink_keep},
        .lag_bytes = 65536,
        .lag_ms = LAG_MS,
        .flush_sends = SIZE_MAX,
    };
    world->shape = shape;
    world->hub = hub_new(&options);
    world->random = 42;
    world->now_ms = 1000000;
    world->newest = mem_must(world->shape->runners * sizeof *world->newest);
    for (uint32_t i = 0; i < world->shape->runners; i++)
        world->newest[i] = bench_position(i, i);
    world->readers = mem_must((world->shape->followers + 1) * sizeof *world->readers);
    for (uint32_t i = 0; i <= world->shape->followers; i++)
        join(world, i);
    for (uint32_t i = 0; i < world->shape->runners; i++)
        publish(world);
    CHECK(!hub_flush(world->hub, world->now_ms));
    world->now_ms += 2 * LAG_MS;
    play_round(world);
    return world;
}

static void world_teardown(void *bench)
{
    struct world *world = bench;
    for (uint32_t i = 0; i <= world->shape->followers; i++)
        hub_leave(world->hub, &world->readers[i].follower);
    hub_free(&world->hub);
    buf_fini(&world->frame);
    if (world->loopback != NULL)
        loopback_close(world->loopback);
    mem_free(world->newest);
    mem_free(world->readers);
    mem_free(world);
}

/* --- what is counted ------------------------------------------------------------------------------------------------ */

static uint64_t deliver_run(void *bench, uint64_t rounds)
{
    struct world *world = bench;
    uint64_t before = hub_stats(world->hub).delivered;
    for (uint64_t i = 0; i < rounds; i++)
        play_round(world);
    return hub_stats(world->hub).delivered - before;
}

/* One system call for each delivery, as it is when there is one position to a flush. */
static uint64_t send_run(void *bench, uint64_t rounds)
{
    struct world *world = bench;
    if (world->loopback == NULL)
        world->loopback = loopback_open();
    struct position position = bench_position(0, 0);
    world->frame.len = 0;
    CHECK(seed_encode_frame(&position, &world->frame) == 0);
    for (uint64_t i = 0; i < rounds; i++)
        loopback_send(world->loopback, buf_span(&world->frame));
    return rounds;
}

static uint64_t follow_run(void *bench, uint64_t rounds)
{
    struct world *world = bench;
    struct reader *spare = &world->readers[world->shape->followers];
    for (uint64_t i = 0; i < rounds; i++) {
        follow(world, spare);
        hub_leave(world->hub, &spare->follower);
    }
    return rounds;
}

/* All who are stalled drain at once, then stall again; until the next round they are over the lag budget. */
static void drain_all(struct world *world)
{
    for (uint32_t i = 0; i < world->shape->followers; i++) {
        struct reader *reader = &world->readers[i];
        CHECK(reader->follower.behind);
        reader->is_stalled = false;
        hub_writable(world->hub, &reader->follower, world->now_ms);
        reader->is_stalled = true;
    }
}

static uint64_t catch_up_run(void *bench, uint64_t rounds)
{
    struct world *world = bench;
    uint64_t before = hub_stats(world->hub).delivered;
    for (uint64_t i = 0; i < rounds; i++) {
        play_round(world);
        drain_all(world);
        CHECK(hub_stats(world->hub).behind == 0);
        play_round(world);
        world->now_ms += 2 * LAG_MS;
        play_round(world);
    }
    return hub_stats(world->hub).delivered - before;
}

/* -------------------------------------------------------------------------------------------------------------------- */

static const struct shape crowd_1 = {
    .followers = 1000, .runners = 10, .follows = 10, .per_flush = 1};
static const struct shape crowd_40 = {
    .followers = 1000, .runners = 10, .follows = 10, .per_flush = 40};
static const struct shape map_1 = {
    .followers = 200, .runners = 1000, .follows = 1000, .per_flush = 1};
static const struct shape map_100 = {
    .followers = 200, .runners = 1000, .follows = 1000, .per_flush = 100};
static const struct shape map_paced = {
    .followers = 200, .runners = 1000, .follows = 1000, .per_flush = 4000, .pace_ms = 1000};
static const struct shape friends = {
    .followers = 4000, .runners = 4000, .follows = 5, .per_flush = 100};
static const struct shape seed = {
    .followers = 5000, .runners = 5000, .follows = 2, .per_flush = 40};
static const struct shape stalled = {
    .followers = 1000, .runners = 10, .follows = 10, .per_flush = 1, .stalled_one_in = 6};
static const struct shape tunnel = {
    .followers = 100, .runners = 50, .follows = 50, .per_flush = 50, .stalled_one_in = 1};

#define HUB(case_name, operation_of, rounds_of, shape_of, run_of)                                  \
    .name = case_name, .operation = operation_of, .rounds = rounds_of, .shape = shape_of,          \
    .setup = world_setup, .teardown = world_teardown, .run = run_of

static const struct bench_case cases[] = {
    {HUB("hub.crowd_1", "delivery; 1000 follow the same 10, 1 position a flush", 100, &crowd_1,
         deliver_run),
     .peer_name = "send()", .peer = send_run},
    {HUB("hub.crowd_40", "delivery; the same, 40 positions a flush", 40, &crowd_40, deliver_run)},
    {HUB("hub.map_1", "delivery; 200 follow all 1000, 1 position a flush", 500, &map_1,
         deliver_run)},
    {HUB("hub.map_100", "delivery; the same, 100 positions a flush", 40, &map_100, deliver_run)},
    {HUB("hub.map_paced", "delivery; the same, 4 of each runner, the newest at the tick", 8,
         &map_paced, deliver_run)},
    {HUB("hub.friends", "delivery; 4000 follow 5 of 4000, 100 positions a flush", 40, &friends,
         deliver_run)},
    {HUB("hub.seed", "delivery; 5000 follow 2 of 5000, 40 positions a flush", 100, &seed,
         deliver_run)},
    {HUB("hub.stalled", "delivery; crowd_1, where one in 6 does not read", 100, &stalled,
         deliver_run)},
    {HUB("hub.catch_up", "delivery; 100 behind on 50 runners get the newest", 20, &tunnel,
         catch_up_run)},
    {HUB("hub.follow_known", "follow and leave; 10 runners, as 1000 others do", 2000, &crowd_1,
         follow_run)},
    {HUB("hub.follow_new", "follow and leave; 5 of 4000, as nobody else does", 2000, &friends,
         follow_run)},
};

int main(int argc, char **argv)
{
    return bench_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
