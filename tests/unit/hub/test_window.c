/* Readers that are slower than their stream, wherever what they have not read may lie: what they get is fresh. */
#include <stdio.h>
#include <string.h>

#include "tests/lib/world_test.h"

#define RUNNERS 50
#define STEP_MS 20
#define REPEATS 8 /* of a probe in five minutes: after 2.5 s, then twice that, and so on */
#define FRESH_MS 5000

/* A reader behind buffers of any depth, who reads and answers what has come to it some time ago. */
struct reader {
    struct peer *peer;
    uint64_t read_bytes;
    uint32_t step_bytes;  /* that it reads in a step */
    uint32_t delay_steps; /* from its answer to our ears */
    bool is_silent;
    bool is_terse;             /* of several probes it answers only the last */
    uint64_t read_at_step[64]; /* what was read, for the delay */
    uint32_t steps;
    size_t taken;                 /* of the arrivals */
    int64_t last_number[RUNNERS]; /* 0: none came */
    uint32_t counts[RUNNERS];
    uint64_t oldest_ms;       /* of what came since it was last set to 0 */
    struct reader *neighbour; /* reads when it reads; NULL: nobody */
};

static int64_t number;

/* What follows the number in the id of each runner. */
static const char *surname;
#define LONG_SURNAME "-who-runs-the-evening-lap" /* makes frames of 48 bytes, as real ones are */

static void name_runner(int runner, char *id, size_t size)
{
    snprintf(id, size, "r%02d%s", runner, surname);
}

static int runner_of(const struct arrival *arrival)
{
    return 10 * (arrival->runner.text[1] - '0') + arrival->runner.text[2] - '0';
}

static void look_at(struct reader *reader, const struct arrival *arrival)
{
    int runner = runner_of(arrival);
    uint64_t age_ms = reader->peer->world->now_ms - (uint64_t)arrival->moment.time_ms;
    assert_true(arrival->moment.number > reader->last_number[runner]);
    reader->last_number[runner] = arrival->moment.number;
    reader->counts[runner]++;
    if (age_ms > reader->oldest_ms)
        reader->oldest_ms = age_ms;
}

static void read_some(struct reader *reader)
{
    struct peer *peer = reader->peer;
    uint64_t left = peer->handed_bytes - reader->read_bytes;
    reader->read_bytes += left < reader->step_bytes ? left : reader->step_bytes;
    for (; reader->taken < peer->arrival_count; reader->taken++) {
        if (peer->arrivals[reader->taken].end > reader->read_bytes)
            break;
        look_at(reader, &peer->arrivals[reader->taken]);
    }
    uint32_t slot = reader->steps++ % 64;
    reader->read_at_step[slot] = reader->read_bytes;
    if (reader->is_silent || reader->steps <= reader->delay_steps)
        return;
    uint64_t offset = reader->read_at_step[(slot + 64 - reader->delay_steps) % 64];
    while (reader->is_terse && peer->answered + 1 < peer->probe_count &&
           peer->probes[peer->answered + 1].end <= offset)
        peer->answered++;
    peer_answer_up_to(peer, offset);
}

/* `per_step` of the runners move, in turn; the loop turns; the reader reads. */
static void go_on(struct world *w, struct reader *reader, uint32_t ms, int per_step)
{
    for (uint32_t at_ms = 0; at_ms < ms; at_ms += STEP_MS) {
        world_advance(w, STEP_MS);
        for (int i = 0; i < per_step; i++) {
            char id[WORLD_FRAME_MAX_BYTES];
            name_runner((int)(number % RUNNERS), id, sizeof id);
            struct moment moment = {.number = ++number, .time_ms = (int64_t)w->now_ms};
            assert_int_equal(world_receive(w, id, moment), 0);
        }
        world_turn(w);
        read_some(reader);
        if (reader->neighbour != NULL)
            read_some(reader->neighbour);
        if (w->now_ms % 1000 == 0)
            world_expire(w, 0);
    }
}

static struct reader reader_in(struct world *w, uint32_t bytes_per_s)
{
    char ids[RUNNERS * 32];
    size_t len = 0;
    for (int i = 0; i < RUNNERS; i++) {
        name_runner(i, ids + len, sizeof ids - len);
        len += strlen(ids + len);
        ids[len++] = ' ';
    }
    ids[len - 1] = '\0';
    return (struct reader){.peer = world_follow(w, ids),
                           .step_bytes = bytes_per_s * STEP_MS / 1000};
}

static struct world *world_with_bound(void **state, uint64_t fresh_ms)
{
    struct hub_options options = world_usual();
    options.fresh_ms = fresh_ms;
    number = 0;
    surname = "";
    return world_like(state, options);
}

static struct reader reader_of(void **state, uint32_t bytes_per_s)
{
    return reader_in(world_with_bound(state, FRESH_MS), bytes_per_s);
}

static uint64_t superseded(const struct world *w)
{
    return hub_stats(w->hub).superseded;
}

/* 5 positions a step are 250 a second: each runner at 5 Hz, 6 kB/s. */

TEST(a_reader_that_keeps_up_gets_everything_and_is_never_held)
{
    struct reader ann = reader_of(state, 1000000);
    struct world *w = ann.peer->world;
    ann.delay_steps = 5;

    for (int i = 0; i < 600; i++) {
        go_on(w, &ann, 100, 5);
        assert_int_equal(hub_stats(w->hub).slow, 0);
    }

    assert_int_equal(ann.peer->arrival_count, number);
    assert_true(ann.peer->probe_count <= 60);
}

TEST(what_a_slow_reader_gets_is_fresh_however_deep_the_buffers_before_it)
{
    static const uint32_t speeds[] = {500, 1000, 2000, 4000};
    for (size_t i = 0; i < sizeof speeds / sizeof *speeds; i++) {
        struct reader ann = reader_of(state, speeds[i]);
        struct world *w = ann.peer->world;
        go_on(w, &ann, 60000, 5);
        memset(ann.counts, 0, sizeof ann.counts);
        ann.oldest_ms = 0;

        go_on(w, &ann, 60000, 5);

        assert_in_range(ann.oldest_ms, 1, FRESH_MS / 2);
        for (int runner = 0; runner < RUNNERS; runner++)
            assert_true(ann.counts[runner] > 0);
    }
}

TEST(one_that_is_slow_from_the_start_gets_what_is_fresh_before_long)
{
    struct reader ann = reader_of(state, 2000);
    struct world *w = ann.peer->world;
    go_on(w, &ann, 20000, 5);
    ann.oldest_ms = 0;

    go_on(w, &ann, 60000, 5);

    assert_in_range(ann.oldest_ms, 1, FRESH_MS / 2);
}

TEST(one_that_reads_16_kbit_a_second_never_gets_what_is_older_than_the_bound)
{
    struct reader ann = reader_of(state, 2000);
    struct world *w = ann.peer->world;

    for (int i = 0; i < 60; i++)
        go_on(w, &ann, 1000, 5);

    assert_in_range(ann.oldest_ms, 1, FRESH_MS);
}

/* 75 positions a second: each runner at 1.5 Hz, 1.8 kB/s. */
static void go_on_calmly(struct world *w, struct reader *reader, uint32_t seconds)
{
    for (uint32_t i = 0; i < seconds * (1000 / (2 * STEP_MS)); i++) {
        go_on(w, reader, STEP_MS, 1);
        go_on(w, reader, STEP_MS, 2);
    }
}

TEST(what_a_slow_link_carries_is_seldom_probed)
{
    struct reader ann = reader_of(state, 1000000);
    struct world *w = ann.peer->world;

    go_on_calmly(w, &ann, 100);

    assert_true(ann.peer->handed_bytes > 3 * 32768);
    assert_int_equal(ann.peer->probe_count, ann.peer->handed_bytes / 32768);
}

TEST(the_shorter_the_bound_the_sooner_what_a_slow_link_carries_is_probed)
{
    struct reader ann = reader_in(world_with_bound(state, FRESH_MS / 2), 1000000);
    struct world *w = ann.peer->world;

    go_on_calmly(w, &ann, 100);

    assert_in_range(ann.peer->probe_count, ann.peer->handed_bytes / 17000,
                    ann.peer->handed_bytes / 16000);
}

TEST(one_that_does_not_even_read_what_a_slow_link_carries_is_found_too)
{
    struct reader ann = reader_of(state, 1000);
    struct world *w = ann.peer->world;
    go_on_calmly(w, &ann, 120);
    ann.oldest_ms = 0;

    go_on_calmly(w, &ann, 60);

    assert_in_range(ann.oldest_ms, 1, FRESH_MS);
    assert_true(superseded(w) > 0);
}

/* With long surnames, 5 positions a step are 12 kB/s. A probe comes every half a second then. */
#define LONGEST_BETWEEN_PROBES_MS 1400

TEST(one_that_joins_while_a_probe_is_under_way_never_gets_what_is_older_than_the_bound)
{
    for (uint32_t ms = 0; ms < LONGEST_BETWEEN_PROBES_MS; ms += 5 * STEP_MS) {
        struct world *w = world_with_bound(state, FRESH_MS);
        surname = LONG_SURNAME;
        struct reader ben = reader_in(w, 1000000);
        go_on(w, &ben, 5000 + ms, 5);
        struct reader ann = reader_in(w, 2000);
        ann.neighbour = &ben;

        go_on(w, &ann, 30000, 5);

        assert_in_range(ann.oldest_ms, 1, FRESH_MS);
        assert_int_equal(ben.peer->arrival_count, number);
    }
}

TEST(one_that_turns_slow_never_gets_what_is_older_than_the_bound)
{
    for (uint32_t ms = 0; ms < LONGEST_BETWEEN_PROBES_MS; ms += 5 * STEP_MS) {
        struct world *w = world_with_bound(state, FRESH_MS);
        surname = LONG_SURNAME;
        struct reader ann = reader_in(w, 1000000);
        go_on(w, &ann, 5000 + ms, 5);
        ann.step_bytes = 2000 * STEP_MS / 1000;

        go_on(w, &ann, 30000, 5);

        assert_in_range(ann.oldest_ms, 1, FRESH_MS);
    }
}

TEST(one_that_is_only_far_away_loses_nothing_of_a_fast_stream)
{
    static const int per_step[] = {5, 10, 20};
    for (size_t i = 0; i < sizeof per_step / sizeof *per_step; i++) {
        struct world *w = world_with_bound(state, FRESH_MS);
        surname = LONG_SURNAME;
        struct reader ann = reader_in(w, 1000000);
        ann.delay_steps = 1000 / STEP_MS;

        go_on(w, &ann, 60000, per_step[i]);
        peer_answer(ann.peer);

        assert_int_equal(superseded(w), 0);
        assert_int_equal(ann.peer->arrival_count, number);
    }
}

/* It says that it has read up to the probe of its audience, again and again, and reads nothing. */
TEST(one_that_repeats_an_answer_gets_no_more_for_it)
{
    struct world *w = world_with_bound(state, FRESH_MS);
    surname = LONG_SURNAME;
    struct reader ann = reader_in(w, 1000000);
    go_on(w, &ann, 5000, 5);
    ann.step_bytes = 0;
    go_on(w, &ann, 1000, 5);
    assert_true(hub_is_held(&ann.peer->follower));
    uint32_t probe = ann.peer->probes[ann.peer->answered].number;
    assert_true(hub_answered(w->hub, &ann.peer->follower, probe, w->now_ms));
    uint64_t handed = ann.peer->handed_bytes;

    for (int i = 0; i < 1000; i++)
        hub_answered(w->hub, &ann.peer->follower, probe, w->now_ms);
    go_on(w, &ann, 20000, 5);

    assert_in_range(ann.peer->handed_bytes, handed, handed + 4 * HUB_PROBE_BYTES);
}

TEST(a_slow_reader_wastes_little_of_its_time)
{
    struct reader ann = reader_of(state, 2000);
    struct world *w = ann.peer->world;
    ann.delay_steps = 10;
    go_on(w, &ann, 30000, 5);
    uint64_t before = ann.read_bytes;

    go_on(w, &ann, 60000, 5);

    assert_true(ann.read_bytes - before > 60 * 2000 * 8 / 10);
}

TEST(a_long_way_loses_nothing_when_it_is_wide)
{
    struct reader ann = reader_of(state, 1000000);
    struct world *w = ann.peer->world;
    ann.delay_steps = 40; /* 0.8 s */

    peer_block(ann.peer);
    go_on(w, &ann, 500, 5);
    peer_unblock(ann.peer);
    go_on(w, &ann, 60000, 5);

    assert_int_equal(superseded(w), 0);
    assert_int_equal(ann.peer->arrival_count, number);
}

TEST(one_that_reads_fast_again_gets_everything_again_and_costs_nothing_more)
{
    struct reader ann = reader_of(state, 2000);
    struct world *w = ann.peer->world;
    go_on(w, &ann, 60000, 5);
    assert_int_equal(hub_stats(w->hub).slow, 1);

    ann.step_bytes = 1000000;
    go_on(w, &ann, 20000, 5);
    assert_int_equal(hub_stats(w->hub).slow, 0);
    uint64_t before = superseded(w);
    size_t arrived = ann.peer->arrival_count;
    go_on(w, &ann, 10000, 5);

    assert_int_equal(superseded(w), before);
    assert_int_equal(ann.peer->arrival_count - arrived, 10 * 250);
}

TEST(one_that_stops_is_held_however_much_its_socket_would_take)
{
    struct reader ann = reader_of(state, 1000000);
    struct world *w = ann.peer->world;
    go_on(w, &ann, 2000, 5);
    ann.step_bytes = 0;
    go_on(w, &ann, 10000, 5);
    assert_true(hub_is_held(&ann.peer->follower));
    uint64_t handed = ann.peer->handed_bytes;
    go_on(w, &ann, 300000, 5);

    assert_in_range(ann.peer->handed_bytes, handed, handed + REPEATS * HUB_PROBE_BYTES);
    assert_int_equal(hub_stats(w->hub).queued_bytes, 0);
    ann.step_bytes = 1000000;
    go_on(w, &ann, 10000, 5);
    for (int runner = 0; runner < RUNNERS; runner++)
        assert_true(ann.last_number[runner] > number - RUNNERS - 5);
}

TEST(one_that_never_answers_is_waited_for_once_and_then_gets_everything)
{
    struct reader ann = reader_of(state, 1000000);
    struct world *w = ann.peer->world;
    ann.is_silent = true;
    go_on(w, &ann, 3 * FRESH_MS, 5);
    size_t arrived = ann.peer->arrival_count;

    go_on(w, &ann, 60000, 5);

    assert_int_equal(ann.peer->arrival_count - arrived, 60 * 250);
    assert_int_equal(hub_stats(w->hub).slow, 0);
}

TEST(answers_that_nobody_asked_for_change_nothing)
{
    struct reader ann = reader_of(state, 2000);
    struct world *w = ann.peer->world;
    go_on(w, &ann, 30000, 5);
    ann.step_bytes = 0;
    go_on(w, &ann, 10000, 5);
    uint64_t handed = ann.peer->handed_bytes;

    assert_false(hub_answered(w->hub, &ann.peer->follower, 0, w->now_ms));
    for (uint32_t probe = 1; probe < 256; probe++)
        hub_answered(w->hub, &ann.peer->follower, probe, w->now_ms);
    for (uint32_t probe = 0; probe < 256; probe++)
        assert_false(hub_answered(w->hub, &ann.peer->follower, probe, w->now_ms));
    assert_false(hub_answered(w->hub, &ann.peer->follower, UINT32_MAX, w->now_ms));
    go_on(w, &ann, 1000, 5);

    assert_int_equal(ann.peer->handed_bytes, handed);
}

TEST(a_socket_that_is_full_for_a_moment_loses_nothing_with_probes_either)
{
    struct reader ann = reader_of(state, 1000000);
    struct world *w = ann.peer->world;
    for (int i = 0; i < 20; i++) {
        peer_block(ann.peer);
        go_on(w, &ann, 700, 5);
        peer_unblock(ann.peer);
        go_on(w, &ann, 300, 5);
    }
    assert_int_equal(superseded(w), 0);
    assert_int_equal(ann.peer->arrival_count, number);
}

TEST(what_is_superseded_is_counted_while_a_reader_is_stuck)
{
    struct reader ann = reader_of(state, 1000000);
    struct world *w = ann.peer->world;
    go_on(w, &ann, 1000, 5);
    peer_block(ann.peer);
    go_on(w, &ann, 10000, 5);
    uint64_t lost = superseded(w);
    assert_in_range(lost, 10 * 250 - RUNNERS - 5, 10 * 250);
    assert_int_equal(hub_superseded(&ann.peer->follower), lost);

    peer_unblock(ann.peer);
    go_on(w, &ann, 5000, 5);

    assert_int_equal(superseded(w) + ann.peer->arrival_count, number);
}

TEST(without_a_bound_there_are_no_probes)
{
    struct reader ann = reader_of(state, 2000);
    struct hub_options options = world_usual();
    ann.peer = world_follow(world_like(state, options), "r00 r01 r02");
    go_on(ann.peer->world, &ann, 20000, 5);
    assert_int_equal(ann.peer->probe_count, 0);
}

TEST(one_that_answers_only_the_last_of_several_probes_is_not_held_for_ever)
{
    struct reader ann = reader_of(state, 1000000);
    struct world *w = ann.peer->world;
    ann.is_terse = true;
    go_on(w, &ann, 2000, 5);

    for (int i = 0; i < 20; i++) {
        uint32_t speed = ann.step_bytes;
        ann.step_bytes = 0;
        go_on(w, &ann, 1500 + 100 * (uint32_t)i, 5);
        ann.step_bytes = speed;
        memset(ann.counts, 0, sizeof ann.counts);
        go_on(w, &ann, 3 * FRESH_MS, 5);
        for (int runner = 0; runner < RUNNERS; runner++)
            assert_true(ann.counts[runner] > 0);
    }
}

/* Answers of another number, as to a ping that came between: the probe comes again, and its answer is heard. */
TEST(a_probe_whose_answer_is_lost_is_sent_again)
{
    struct reader ann = reader_of(state, 1000000);
    struct world *w = ann.peer->world;
    go_on(w, &ann, 2000, 5);
    ann.step_bytes = 0;
    go_on(w, &ann, 4000, 5);
    assert_true(hub_is_held(&ann.peer->follower));
    ann.step_bytes = 1000000;
    ann.peer->answered = ann.peer->probe_count; /* it never will */
    go_on(w, &ann, 200, 5);
    assert_true(hub_is_held(&ann.peer->follower));

    go_on(w, &ann, 2 * FRESH_MS, 5);

    assert_false(hub_is_held(&ann.peer->follower));
    for (int runner = 0; runner < RUNNERS; runner++)
        assert_true(ann.last_number[runner] > number - RUNNERS - 5);
}
