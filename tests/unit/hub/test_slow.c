/* Followers whose sockets are full: for a moment, for longer, and for good. */
#include <stdio.h>
#include <string.h>

#include "tests/lib/world_test.h"

/* Bytes of one compact frame of a runner with an id of one letter. */
static size_t one_frame(void)
{
    return frame_bytes(&dialect_compact, "7");
}

/* A follower may lag by `frames` of them. */
static struct world *world_with_lag(void **state, size_t frames)
{
    struct hub_options options = world_usual();
    options.lag_bytes = frames * one_frame();
    return world_like(state, options);
}

static void publish_many(struct world *w, const char *id, int from, int to)
{
    for (int i = from; i <= to; i++)
        world_publish(w, id, at(i));
}

static void expect_many(struct peer *peer, const char *id, int from, int to)
{
    for (int i = from; i <= to; i++)
        peer_expect(peer, id, at(i));
}

TEST(a_socket_that_is_full_for_a_moment_loses_nothing)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7");
    peer_block(ann);
    publish_many(w, "7", 1, 50);
    peer_expect_nothing_more(ann);
    assert_int_equal(hub_stats(w->hub).behind, 0);

    peer_unblock(ann);
    publish_many(w, "7", 51, 60);

    expect_many(ann, "7", 1, 60);
    peer_expect_nothing_more(ann);
    assert_int_equal(hub_stats(w->hub).superseded, 0);
    assert_int_equal(hub_stats(w->hub).queued_bytes, 0);
}

TEST(a_full_socket_is_offered_nothing_until_it_drains)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7");
    peer_block(ann);

    publish_many(w, "7", 1, 50);

    assert_int_equal(ann->sends, 1);
}

TEST(a_socket_full_of_other_bytes_is_offered_nothing_until_it_drains)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7");
    peer_block_unseen(ann);

    publish_many(w, "7", 1, 5);
    assert_int_equal(ann->sends, 0);
    peer_unblock(ann);

    expect_many(ann, "7", 1, 5);
    peer_expect_nothing_more(ann);
}

TEST(a_follower_that_blocks_gets_only_the_newest_when_it_drains)
{
    struct world *w = world_with_lag(state, 0);
    struct peer *ann = world_follow(w, "7");

    peer_block(ann);
    world_publish(w, "7", at(1));
    world_publish(w, "7", at(2));
    world_publish(w, "7", at(3));
    peer_unblock(ann);

    peer_expect(ann, "7", at(3));
    peer_expect_nothing_more(ann);
    assert_int_equal(hub_stats(w->hub).superseded, 2);
    assert_int_equal(ann->follower.superseded, 2);
}

TEST(lag_of_exactly_the_budget_is_not_behind_and_a_byte_more_is)
{
    struct world *w = world_with_lag(state, 3);
    struct peer *ann = world_follow(w, "7");
    peer_block(ann);
    publish_many(w, "7", 1, 3);
    assert_int_equal(hub_stats(w->hub).behind, 0);

    world_publish(w, "7", at(4));
    assert_int_equal(hub_stats(w->hub).behind, 1);
    peer_unblock(ann);

    peer_expect(ann, "7", at(4));
    peer_expect_nothing_more(ann);
    assert_int_equal(hub_stats(w->hub).superseded, 3);
    assert_int_equal(hub_stats(w->hub).behind, 0);
}

TEST(a_follower_that_drains_some_all_the_time_never_falls_behind)
{
    struct world *w = world_with_lag(state, 4);
    struct peer *ann = world_follow(w, "7");
    peer_limit(ann, 2 * one_frame() + 5);

    for (int i = 1; i <= 200; i++) {
        world_publish(w, "7", at(i));
        peer_drain(ann, one_frame());
    }
    peer_unblock(ann);

    expect_many(ann, "7", 1, 200);
    peer_expect_nothing_more(ann);
    assert_int_equal(hub_stats(w->hub).superseded, 0);
}

TEST(lag_longer_than_the_budget_is_behind_at_the_next_position)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7");
    peer_block(ann);
    world_publish(w, "7", at(1));
    world_advance(w, 1000);
    world_publish(w, "7", at(2));
    assert_int_equal(hub_stats(w->hub).behind, 0);

    world_advance(w, 1);
    world_publish(w, "7", at(3));
    assert_int_equal(hub_stats(w->hub).behind, 1);
    peer_unblock(ann);

    peer_expect(ann, "7", at(3));
    peer_expect_nothing_more(ann);
}

TEST(lag_longer_than_the_budget_is_behind_when_it_drains)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7");
    peer_block(ann);
    publish_many(w, "7", 1, 3);
    world_advance(w, 5000);
    peer_unblock(ann);

    peer_expect(ann, "7", at(3));
    peer_expect_nothing_more(ann);
}

TEST(a_stuck_follower_holds_no_memory_even_when_nothing_new_comes)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7");
    peer_block(ann);
    publish_many(w, "7", 1, 3);
    assert_int_equal(hub_stats(w->hub).queued_bytes, 3 * one_frame());

    world_advance(w, 1001);
    world_expire(w, 0);

    assert_int_equal(hub_stats(w->hub).queued_bytes, 0);
    assert_int_equal(hub_stats(w->hub).behind, 1);
}

TEST(memory_does_not_grow_with_the_number_of_those_who_lag)
{
    struct world *w = *state;
    for (int i = 0; i < 100; i++)
        peer_block(world_follow(w, "7"));

    publish_many(w, "7", 1, 3);

    assert_int_equal(hub_stats(w->hub).queued_bytes, 3 * one_frame());
}

TEST(memory_of_those_who_are_stuck_is_bounded_by_the_budget)
{
    struct world *w = world_with_lag(state, 10);
    for (int i = 0; i < 10; i++)
        peer_block(world_follow(w, "7"));

    for (int i = 1; i <= 1000; i++) {
        world_publish(w, "7", at(i));
        assert_true(hub_stats(w->hub).queued_bytes <= 10 * one_frame());
    }
    assert_int_equal(hub_stats(w->hub).behind, 10);
}

TEST(a_slow_follower_delays_nobody)
{
    struct world *w = world_with_lag(state, 3);
    struct peer *slow = world_follow(w, "7");
    struct peer *fast = world_follow(w, "7");
    peer_block(slow);

    for (int i = 1; i <= 20; i++) {
        world_publish(w, "7", at(i));
        peer_expect(fast, "7", at(i));
    }

    assert_int_equal(hub_stats(w->hub).behind, 1);
    assert_int_equal(fast->sends, 20);
}

TEST(when_one_drains_it_gets_each_changed_runner_once_and_others_not)
{
    struct world *w = world_with_lag(state, 0);
    struct peer *ann = world_follow(w, "7 8 9");
    world_publish(w, "9", at(1));
    peer_expect(ann, "9", at(1));
    peer_block(ann);
    world_publish(w, "7", at(2));
    world_publish(w, "8", at(3));
    world_publish(w, "7", at(4));
    peer_unblock(ann);

    int64_t sum = 0;
    for (int i = 0; i < 2; i++) {
        const struct arrival *arrival = peer_next(ann);
        assert_non_null(arrival);
        assert_true(arrival_is_of(arrival, arrival->moment.number == 4 ? "7" : "8"));
        sum += arrival->moment.number;
    }
    assert_int_equal(sum, 3 + 4);
    peer_expect_nothing_more(ann);
    assert_int_equal(hub_stats(w->hub).superseded, 1);
}

TEST(what_is_pending_when_one_catches_up_is_not_sent_twice)
{
    struct world *w = world_with_lag(state, 0);
    struct peer *ann = world_follow(w, "7");
    peer_block(ann);
    publish_many(w, "7", 1, 2);
    world_receive(w, "7", at(3));
    peer_drain(ann, ROOM_WITHOUT_END);
    world_receive(w, "7", at(4));
    world_turn(w);

    peer_expect(ann, "7", at(3));
    peer_expect(ann, "7", at(4));
    peer_expect_nothing_more(ann);
}

TEST(a_frame_that_was_cut_is_completed_wherever_it_was_cut)
{
    for (size_t cut = 1; cut < 3 * one_frame(); cut++) {
        struct world *w = world_with_lag(state, 0);
        struct peer *ann = world_follow(w, "7");
        peer_limit(ann, cut);
        for (int i = 1; i <= 3; i++)
            world_receive(w, "7", at(i));
        world_turn(w);
        world_publish(w, "7", at(4));
        peer_unblock(ann);

        int whole = (int)((cut + one_frame() - 1) / one_frame());
        expect_many(ann, "7", 1, whole);
        peer_expect(ann, "7", at(4));
        peer_expect_nothing_more(ann);
        assert_int_equal(hub_stats(w->hub).superseded, 3 - whole);
    }
}

TEST(a_lagging_stream_goes_on_wherever_it_was_cut)
{
    for (size_t cut = 1; cut < 3 * one_frame(); cut++) {
        struct world *w = world_like(state, world_usual());
        struct peer *ann = world_follow(w, "7");
        peer_limit(ann, cut);
        for (int i = 1; i <= 3; i++)
            world_receive(w, "7", at(i));
        world_turn(w);
        publish_many(w, "7", 4, 6);
        for (int i = 0; i < 10; i++)
            peer_drain(ann, cut);
        peer_unblock(ann);

        expect_many(ann, "7", 1, 6);
        peer_expect_nothing_more(ann);
    }
}

TEST(many_batches_of_lag_are_few_sends)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7");
    peer_block(ann);
    publish_many(w, "7", 1, 100);

    peer_unblock(ann);

    expect_many(ann, "7", 1, 100);
    assert_true(ann->sends <= 1 + 10);
}

TEST(catching_up_with_thousands_of_runners_gives_each_once)
{
    enum { RUNNERS = 2000 };
    struct world *w = world_with_lag(state, 0);
    static char ids[RUNNERS * 8];
    size_t len = 0;
    for (int i = 0; i < RUNNERS; i++)
        len += (size_t)snprintf(ids + len, sizeof ids - len, "r%d ", i);
    struct peer *ann = world_follow(w, ids);
    peer_block(ann);
    for (int i = 0; i < RUNNERS; i++) {
        char id[16];
        snprintf(id, sizeof id, "r%d", i);
        world_publish(w, id, at(i + 1));
    }
    for (int i = 0; i < 20; i++)
        peer_drain(ann, 1000);
    peer_unblock(ann);

    static bool seen[RUNNERS + 1];
    memset(seen, 0, sizeof seen);
    for (int i = 0; i < RUNNERS; i++) {
        const struct arrival *arrival = peer_next(ann);
        assert_non_null(arrival);
        assert_false(seen[arrival->moment.number]);
        seen[arrival->moment.number] = true;
    }
    peer_expect_nothing_more(ann);
    assert_int_equal(hub_stats(w->hub).behind, 0);
    assert_int_equal(hub_stats(w->hub).superseded, 0);
}

/* Publish each of `count` runners once, and flush. */
static void publish_round(struct world *w, int count, int number)
{
    for (int i = 0; i < count; i++) {
        char id[16];
        snprintf(id, sizeof id, "r%02d", i);
        world_receive(w, id, at(number));
    }
    world_turn(w);
}

#define RUNNERS 50
#define FRAMES_PER_DRAIN 3
#define DRAINS 300

TEST(no_runner_starves_for_a_reader_that_takes_only_a_few_at_a_time)
{
    struct world *w = world_with_lag(state, 2);
    char ids[RUNNERS * 4 + 1];
    for (int i = 0; i < RUNNERS; i++) {
        char id[16];
        snprintf(id, sizeof id, "r%02d ", i);
        memcpy(ids + 4 * i, id, 5);
    }
    struct peer *ann = world_follow(w, ids);
    int last_seen[RUNNERS] = {0};
    peer_block(ann);

    for (int drain = 1; drain <= DRAINS; drain++) {
        publish_round(w, RUNNERS, drain);
        peer_drain(ann, FRAMES_PER_DRAIN * frame_bytes(&dialect_compact, "r00") + 7);
        for (const struct arrival *it; (it = peer_next(ann)) != NULL;) {
            int runner = 10 * (it->runner.text[1] - '0') + it->runner.text[2] - '0';
            assert_true(it->moment.number == drain || it->moment.number == drain - 1);
            last_seen[runner] = drain;
        }
        for (int i = 0; i < RUNNERS; i++)
            assert_true(drain - last_seen[i] <= 2 * RUNNERS / FRAMES_PER_DRAIN);
    }
    assert_int_equal(hub_stats(w->hub).behind, 1);
    peer_unblock(ann);
    assert_int_equal(hub_stats(w->hub).behind, 0);
    assert_int_equal(hub_stats(w->hub).delivered + hub_stats(w->hub).superseded, RUNNERS * DRAINS);
}

TEST(a_round_that_goes_past_the_end_of_the_set_repeats_nothing)
{
    struct world *w = world_with_lag(state, 0);
    struct peer *ann = world_follow(w, "r00 r01 r02 r03 r04");
    size_t three = 3 * frame_bytes(&dialect_compact, "r00");
    peer_block(ann);
    publish_round(w, 5, 1);
    peer_drain(ann, three);
    for (int i = 0; i < 3; i++)
        assert_int_equal(peer_next(ann)->moment.number, 1);
    publish_round(w, 5, 2);
    peer_drain(ann, three);
    peer_unblock(ann);

    bool seen[5] = {false};
    for (int i = 0; i < 5; i++) {
        const struct arrival *arrival = peer_next(ann);
        assert_non_null(arrival);
        assert_int_equal(arrival->moment.number, 2);
        int runner = arrival->runner.text[2] - '0';
        assert_false(seen[runner]);
        seen[runner] = true;
    }
    peer_expect_nothing_more(ann);
    assert_int_equal(hub_stats(w->hub).superseded, 2);
}

TEST(one_that_leaves_while_it_lags_leaves_nothing)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7");
    peer_limit(ann, 10);
    publish_many(w, "7", 1, 5);

    peer_leave(ann);
    world_turn(w);

    assert_int_equal(hub_stats(w->hub).queued_bytes, 0);
    peer_unblock(ann);
    peer_expect(ann, "7", at(1)); /* the frame that was cut */
    peer_expect_nothing_more(ann);
}

TEST(one_that_leaves_while_it_is_behind_leaves_nothing)
{
    struct world *w = world_with_lag(state, 0);
    struct peer *ann = world_follow(w, "7 8");
    peer_limit(ann, 10);
    publish_many(w, "7", 1, 5);
    publish_many(w, "8", 1, 5); /* there is one more to serve, whichever comes first */
    peer_drain(ann, one_frame());
    assert_int_equal(hub_stats(w->hub).behind, 1);

    peer_leave(ann);

    assert_int_equal(hub_stats(w->hub).behind, 0);
    assert_int_equal(hub_stats(w->hub).followers, 0);
}

TEST(one_that_lags_frees_its_batches_when_the_others_have_gone)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7");
    struct peer *ben = world_follow(w, "7");
    peer_block(ann);
    peer_block(ben);
    publish_many(w, "7", 1, 5);

    peer_leave(ann);
    peer_unblock(ben);

    expect_many(ben, "7", 1, 5);
    assert_int_equal(hub_stats(w->hub).queued_bytes, 0);
}

TEST(a_follow_while_behind_stays_behind_and_owes_nothing_of_before_for_the_new_runner)
{
    struct world *w = world_with_lag(state, 0);
    struct peer *ann = world_follow(w, "7");
    world_publish(w, "8", at(1));
    peer_block(ann);
    publish_many(w, "7", 1, 3);

    peer_follow(ann, "8");
    assert_int_equal(hub_stats(w->hub).behind, 1);
    peer_unblock(ann);
    peer_expect(ann, "7", at(3));
    peer_expect_nothing_more(ann);

    world_publish(w, "8", at(2));
    peer_expect(ann, "8", at(2));
    assert_int_equal(hub_stats(w->hub).superseded, 2);
}

TEST(a_follow_while_half_caught_up_repeats_nothing)
{
    struct world *w = world_with_lag(state, 0);
    struct peer *ann = world_follow(w, "1 2 3 4");
    peer_block(ann);
    for (int i = 1; i <= 4; i++) {
        char id[2] = {(char)('0' + i), '\0'};
        publish_many(w, id, 1, 2);
    }
    peer_drain(ann, 2 * one_frame());
    peer_follow_with_snapshot(ann, "5 6");
    peer_unblock(ann);

    bool seen[5] = {false};
    for (int i = 0; i < 4; i++) {
        const struct arrival *arrival = peer_next(ann);
        assert_non_null(arrival);
        assert_int_equal(arrival->moment.number, 2);
        int runner = arrival->runner.text[0] - '0';
        assert_false(seen[runner]);
        seen[runner] = true;
    }
    peer_expect_nothing_more(ann);
    assert_int_equal(hub_stats(w->hub).superseded, 4);
}

TEST(a_position_forgotten_while_one_is_behind_is_not_sent)
{
    struct hub_options options = world_usual();
    options.lag_bytes = 0;
    options.position_ttl_ms = 1000;
    struct world *w = world_like(state, options);
    struct peer *ann = world_follow(w, "7");
    peer_block(ann);
    publish_many(w, "7", 1, 2);
    world_advance(w, 2000);
    world_expire(w, 10);
    peer_unblock(ann);

    peer_expect_nothing_more(ann);
    assert_int_equal(hub_stats(w->hub).behind, 0);
}

TEST(nothing_is_encoded_or_kept_for_a_set_whose_followers_are_all_behind)
{
    struct world *w = world_with_lag(state, 2);
    struct peer *ann = world_follow(w, "7 8");
    struct peer *ben = world_follow(w, "7 8");
    peer_block(ann);
    peer_block(ben);
    publish_many(w, "7", 1, 3);
    assert_int_equal(hub_stats(w->hub).behind, 2);
    uint64_t encoded = w->encoded;

    publish_many(w, "7", 4, 100);
    assert_int_equal(w->encoded, encoded);
    assert_int_equal(hub_stats(w->hub).queued_bytes, 0);

    peer_unblock(ann);
    publish_many(w, "7", 101, 102);
    peer_unblock(ben);
    expect_many(ann, "7", 100, 102);
    peer_expect(ben, "7", at(102));
    peer_expect_nothing_more(ann);
    peer_expect_nothing_more(ben);
    assert_int_equal(hub_stats(w->hub).superseded, 99 + 101);
}

TEST(one_that_joins_a_set_whose_followers_are_all_behind_gets_everything_from_then_on)
{
    struct world *w = world_with_lag(state, 0);
    struct peer *ann = world_follow(w, "7");
    peer_block(ann);
    publish_many(w, "7", 1, 5);

    struct peer *ben = world_follow(w, "7");
    publish_many(w, "7", 6, 9);

    expect_many(ben, "7", 6, 9);
    peer_leave(ben);
    peer_leave(ann);
    assert_int_equal(hub_stats(w->hub).audiences, 0);
}
