/* Followers that asked for at most one position of each runner in a while. */
#include "tests/lib/world_test.h"

static void follow_at(struct peer *peer, const char *ids, uint32_t pace_ms)
{
    struct hub_follow how = {.sets_pace = true, .pace_ms = pace_ms};
    assert_int_equal(peer_try_follow(peer, ids, how), 0);
}

static struct peer *paced(struct world *w, const char *ids, uint32_t pace_ms)
{
    struct peer *peer = world_join(w, &dialect_compact);
    follow_at(peer, ids, pace_ms);
    return peer;
}

static void let_pass(struct world *w, uint64_t ms)
{
    world_advance(w, ms);
    world_turn(w);
}

TEST(with_a_pace_only_the_newest_of_each_runner_comes_at_each_tick)
{
    struct world *w = *state;
    struct peer *ann = paced(w, "7 8", 1000);
    world_publish(w, "7", at(1));
    world_publish(w, "8", at(2));
    world_publish(w, "7", at(3));
    peer_expect_nothing_more(ann);

    let_pass(w, 1000);

    peer_expect(ann, "8", at(2));
    peer_expect(ann, "7", at(3));
    peer_expect_nothing_more(ann);
    let_pass(w, 1000);
    peer_expect_nothing_more(ann);
    assert_int_equal(hub_stats(w->hub).superseded, 0);
}

TEST(the_hub_says_when_the_next_tick_is_due)
{
    struct world *w = *state;
    paced(w, "7", 1000);
    assert_true(hub_next_tick_ms(w->hub) == UINT64_MAX);

    world_publish(w, "7", at(1));

    uint64_t due_ms = hub_next_tick_ms(w->hub);
    assert_in_range(due_ms - w->now_ms, 1, 1000);
    assert_int_equal(due_ms % 1000, 0);
    let_pass(w, due_ms - w->now_ms);
    assert_true(hub_next_tick_ms(w->hub) == UINT64_MAX);
}

TEST(followers_with_the_same_set_and_pace_share_an_audience)
{
    struct world *w = *state;
    paced(w, "7 8", 1000);
    paced(w, "8 7", 1000);
    assert_int_equal(hub_stats(w->hub).audiences, 1);
    paced(w, "7 8", 2000);
    world_follow(w, "7 8");
    assert_int_equal(hub_stats(w->hub).audiences, 3);
}

TEST(a_pace_delays_nobody_else)
{
    struct world *w = *state;
    paced(w, "7", 1000);
    struct peer *bob = world_follow(w, "7");
    world_publish(w, "7", at(1));
    peer_expect(bob, "7", at(1));
    peer_expect_nothing_more(bob);
}

TEST(a_later_follow_keeps_the_pace_when_it_names_none)
{
    struct world *w = *state;
    struct peer *ann = paced(w, "7", 1000);
    peer_follow(ann, "8");
    world_publish(w, "8", at(1));
    world_publish(w, "8", at(2));
    let_pass(w, 1000);
    peer_expect(ann, "8", at(2));
    peer_expect_nothing_more(ann);
}

TEST(a_pace_named_before_anything_is_followed_counts_from_the_first_follow)
{
    struct world *w = *state;
    struct peer *ann = paced(w, "", 1000);
    peer_follow(ann, "7");
    world_publish(w, "7", at(1));
    peer_expect_nothing_more(ann);
    let_pass(w, 1000);
    peer_expect(ann, "7", at(1));
}

TEST(who_drops_the_pace_gets_at_once_what_waited_and_then_everything)
{
    struct world *w = *state;
    struct peer *ann = paced(w, "7 8", 1000);
    world_publish(w, "7", at(1));
    world_publish(w, "7", at(2));

    follow_at(ann, "", 0);

    peer_expect(ann, "7", at(2));
    world_publish(w, "7", at(3));
    world_publish(w, "7", at(4));
    peer_expect(ann, "7", at(3));
    peer_expect(ann, "7", at(4));
    let_pass(w, 1000);
    peer_expect_nothing_more(ann);
}

TEST(who_takes_a_pace_loses_nothing_that_was_not_sent_yet)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7");
    world_receive(w, "7", at(1));
    world_receive(w, "7", at(2));

    follow_at(ann, "", 1000);

    world_turn(w);
    peer_expect(ann, "7", at(1));
    peer_expect(ann, "7", at(2));
    let_pass(w, 1000);
    peer_expect_nothing_more(ann);
}

TEST(who_joins_between_ticks_gets_only_what_comes_after)
{
    struct world *w = *state;
    struct peer *ann = paced(w, "7 8", 1000);
    world_publish(w, "7", at(1));
    struct peer *bob = paced(w, "7 8", 1000);
    world_publish(w, "8", at(2));
    let_pass(w, 1000);
    peer_expect(ann, "7", at(1));
    peer_expect(ann, "8", at(2));
    peer_expect(bob, "8", at(2));
    peer_expect_nothing_more(bob);
}

TEST(a_snapshot_comes_at_once_whatever_the_pace)
{
    struct world *w = *state;
    world_publish(w, "7", at(1));
    struct peer *ann = world_join(w, &dialect_compact);
    struct hub_follow how = {.sets_pace = true, .pace_ms = 1000, .snapshot = true};
    assert_int_equal(peer_try_follow(ann, "7", how), 0);
    peer_expect(ann, "7", at(1));
    let_pass(w, 1000);
    peer_expect_nothing_more(ann);
}

/* Order is kept per runner; which of several comes first in a catch-up is not promised. */
static void expect_rising(const struct peer *peer, const char *id)
{
    int64_t last = 0;
    for (size_t i = 0; i < peer->arrival_count; i++) {
        if (!arrival_is_of(&peer->arrivals[i], id))
            continue;
        assert_true(peer->arrivals[i].moment.number > last);
        last = peer->arrivals[i].moment.number;
    }
}

TEST(a_full_socket_with_a_pace_falls_behind_and_wakes_to_the_newest)
{
    struct hub_options options = world_usual();
    options.lag_bytes = 1;
    struct world *w = world_like(state, options);
    struct peer *ann = paced(w, "7 8", 1000);
    peer_block(ann);
    for (int i = 1; i <= 10; i++) {
        world_publish(w, i % 2 ? "7" : "8", at(i));
        let_pass(w, 1000);
    }
    peer_unblock(ann);
    let_pass(w, 1000);
    assert_int_equal(hub_stats(w->hub).behind, 0);
    assert_int_equal(hub_stats(w->hub).queued_bytes, 0);
    world_publish(w, "7", at(11));
    let_pass(w, 1000);
    struct arrival last = ann->arrivals[ann->arrival_count - 1];
    assert_int_equal(last.moment.number, 11);
    expect_rising(ann, "7");
    expect_rising(ann, "8");
}

TEST(leaving_while_a_tick_is_due_leaves_nothing_behind)
{
    struct world *w = *state;
    struct peer *ann = paced(w, "7", 1000);
    world_publish(w, "7", at(1));
    peer_leave(ann);
    assert_int_equal(hub_stats(w->hub).audiences, 0);
    let_pass(w, 1000);
    assert_int_equal(ann->arrival_count, 0);
    assert_true(hub_next_tick_ms(w->hub) == UINT64_MAX);
}

static bool is_not_seven(void *ctx, const struct runner_id *id)
{
    (void)ctx;
    return id->len != 1 || id->text[0] != '7';
}

TEST(who_is_kept_from_a_runner_keeps_the_pace_and_what_waits_of_the_others)
{
    struct world *w = *state;
    struct peer *ann = paced(w, "7 8", 1000);
    struct peer *bob = paced(w, "7 8", 1000);
    world_publish(w, "7", at(1));
    world_publish(w, "8", at(2));

    assert_int_equal(hub_narrow(w->hub, &ann->follower, is_not_seven, NULL, w->now_ms), 0);

    peer_expect(ann, "8", at(2));
    peer_expect_nothing_more(ann);
    world_publish(w, "7", at(3));
    world_publish(w, "8", at(4));
    world_publish(w, "8", at(5));
    peer_expect_nothing_more(ann);
    let_pass(w, 1000);
    peer_expect(ann, "8", at(5));
    peer_expect_nothing_more(ann);
    peer_expect(bob, "7", at(3));
    peer_expect(bob, "8", at(5));
    peer_expect_nothing_more(bob);
}
