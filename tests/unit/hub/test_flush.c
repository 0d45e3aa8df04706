/* What one flush does: one send per member, within its budget; and which positions get so far. */
#include "base/err.h"
#include "tests/lib/world_test.h"

#define MEMBERS 7

TEST(however_many_positions_a_flush_is_one_send_per_member)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7 8");
    struct peer *ben = world_follow(w, "7 8");
    for (int i = 1; i <= 500; i++)
        world_receive(w, i % 2 == 0 ? "7" : "8", at(i));

    world_turn(w);

    assert_int_equal(ann->sends, 1);
    assert_int_equal(ben->sends, 1);
    assert_int_equal(hub_stats(w->hub).sends, 2);
    for (int i = 1; i <= 500; i++)
        peer_expect(ann, i % 2 == 0 ? "7" : "8", at(i));
    peer_expect_nothing_more(ann);
}

TEST(a_flush_without_news_sends_nothing)
{
    struct world *w = *state;
    world_follow(w, "7");
    world_publish(w, "7", at(1));

    assert_false(world_flush(w));

    assert_int_equal(hub_stats(w->hub).sends, 1);
}

TEST(nothing_is_queued_once_all_is_sent)
{
    struct world *w = *state;
    world_follow(w, "7");
    world_receive(w, "7", at(1));
    assert_true(hub_stats(w->hub).queued_bytes >= frame_bytes(&dialect_compact, "7"));

    world_turn(w);

    assert_int_equal(hub_stats(w->hub).queued_bytes, 0);
}

static struct world *world_with_budget(void **state, size_t sends)
{
    struct hub_options options = world_usual();
    options.flush_sends = sends;
    return world_like(state, options);
}

TEST(a_flush_stops_at_its_budget_and_goes_on_in_the_next)
{
    struct world *w = world_with_budget(state, 3);
    struct peer *peers[MEMBERS];
    for (int i = 0; i < MEMBERS; i++)
        peers[i] = world_follow(w, "7");
    world_receive(w, "7", at(1));

    assert_true(world_flush(w));
    assert_int_equal(hub_stats(w->hub).sends, 3);
    assert_true(world_flush(w));
    assert_int_equal(hub_stats(w->hub).sends, 6);
    assert_false(world_flush(w));

    assert_int_equal(hub_stats(w->hub).sends, MEMBERS);
    for (int i = 0; i < MEMBERS; i++) {
        peer_expect(peers[i], "7", at(1));
        peer_expect_nothing_more(peers[i]);
    }
}

TEST(the_budget_is_for_all_audiences_together)
{
    struct world *w = world_with_budget(state, 2);
    struct peer *ann = world_follow(w, "7");
    struct peer *ben = world_follow(w, "8");
    struct peer *cid = world_follow(w, "7 8");
    world_receive(w, "7", at(1));
    world_receive(w, "8", at(2));

    assert_true(world_flush(w));
    assert_int_equal(hub_stats(w->hub).sends, 2);
    assert_false(world_flush(w));

    peer_expect(ann, "7", at(1));
    peer_expect(ben, "8", at(2));
    peer_expect(cid, "7", at(1));
    peer_expect(cid, "8", at(2));
    peer_expect_nothing_more(cid);
}

TEST(what_is_published_between_two_halves_of_a_flush_reaches_everybody_once)
{
    struct world *w = world_with_budget(state, 3);
    struct peer *peers[MEMBERS];
    for (int i = 0; i < MEMBERS; i++)
        peers[i] = world_follow(w, "7");
    world_receive(w, "7", at(1));
    assert_true(world_flush(w));
    world_receive(w, "7", at(2));
    assert_true(world_flush(w));
    world_receive(w, "7", at(3));
    world_turn(w);

    for (int i = 0; i < MEMBERS; i++) {
        for (int n = 1; n <= 3; n++)
            peer_expect(peers[i], "7", at(n));
        peer_expect_nothing_more(peers[i]);
    }
}

TEST(members_may_leave_and_join_between_two_halves_of_a_flush)
{
    for (int leaver = 0; leaver < MEMBERS; leaver++) {
        struct world *w = world_with_budget(state, 3);
        struct peer *peers[MEMBERS];
        for (int i = 0; i < MEMBERS; i++)
            peers[i] = world_follow(w, "7");
        world_receive(w, "7", at(1));
        assert_true(world_flush(w));

        peer_leave(peers[leaver]);
        struct peer *late = world_follow(w, "7");
        peer_follow(peers[(leaver + 1) % MEMBERS], "8");
        world_receive(w, "7", at(2));
        world_turn(w);

        peer_expect(late, "7", at(2));
        peer_expect_nothing_more(late);
        for (int i = 0; i < MEMBERS; i++) {
            if (i == leaver)
                continue;
            peer_expect(peers[i], "7", at(1));
            peer_expect(peers[i], "7", at(2));
            peer_expect_nothing_more(peers[i]);
        }
    }
}

TEST(all_members_may_leave_between_two_halves_of_a_flush)
{
    struct world *w = world_with_budget(state, 1);
    struct peer *ann = world_follow(w, "7");
    struct peer *ben = world_follow(w, "7");
    struct peer *cid = world_follow(w, "8");
    world_receive(w, "7", at(1));
    world_receive(w, "8", at(2));
    assert_true(world_flush(w));

    peer_leave(ann);
    peer_leave(ben);
    world_turn(w);

    peer_expect(cid, "8", at(2));
    assert_int_equal(hub_stats(w->hub).queued_bytes, 0);
}

TEST(a_member_that_drains_between_two_halves_of_a_flush_gets_nothing_twice)
{
    struct world *w = world_with_budget(state, 1);
    struct peer *peers[MEMBERS];
    for (int i = 0; i < MEMBERS; i++) {
        peers[i] = world_follow(w, "7");
        peer_block(peers[i]);
    }
    world_publish(w, "7", at(1));
    world_receive(w, "7", at(2));
    assert_false(world_flush(w)); /* the blocked cost no send */

    for (int i = 0; i < MEMBERS; i++) {
        world_receive(w, "7", at(3 + i));
        peer_drain(peers[i], ROOM_WITHOUT_END);
        world_flush(w);
    }
    world_turn(w);

    for (int i = 0; i < MEMBERS; i++) {
        for (int n = 1; n < 3 + MEMBERS; n++)
            peer_expect(peers[i], "7", at(n));
        peer_expect_nothing_more(peers[i]);
    }
}

/* How many flushes it takes until a peer has been sent something. */
static int flushes_until_sent(struct world *w, const struct peer *peer)
{
    int flushes = 0;
    for (; peer->sends == 0; flushes++)
        assert_true(world_flush(w));
    return flushes;
}

TEST(a_burst_to_many_does_not_hold_up_another_audience)
{
    struct world *w = world_with_budget(state, 10);
    for (int i = 0; i < 90; i++)
        world_follow(w, "7");
    struct peer *ann = world_follow(w, "8");
    world_receive(w, "7", at(1));
    assert_true(world_flush(w));

    world_receive(w, "8", at(2)); /* while the burst is under way */

    assert_in_range(flushes_until_sent(w, ann), 1, 2);
}

TEST(within_a_flush_an_audience_goes_on_behind_the_others_after_its_share)
{
    struct world *w = world_with_budget(state, HUB_FLUSH_SHARE + 2);
    struct peer *last = NULL;
    for (int i = 0; i < 2 * HUB_FLUSH_SHARE; i++)
        last = world_follow(w, "7");
    struct peer *ann = world_follow(w, "8");
    world_receive(w, "7", at(1));
    world_receive(w, "8", at(2));

    assert_true(world_flush(w));

    peer_expect(ann, "8", at(2));
    assert_int_equal(hub_stats(w->hub).sends, HUB_FLUSH_SHARE + 2);
    world_turn(w);
    peer_expect(last, "7", at(1));
    assert_int_equal(hub_stats(w->hub).sends, 2 * HUB_FLUSH_SHARE + 1);
}

TEST(a_late_position_is_counted_and_not_relayed)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7");
    world_publish(w, "7", at(5));

    assert_int_equal(world_receive(w, "7", at(4)), 1);
    world_turn(w);

    peer_expect(ann, "7", at(5));
    peer_expect_nothing_more(ann);
    assert_int_equal(hub_stats(w->hub).late, 1);
    assert_int_equal(hub_stats(w->hub).received, 1);
}

TEST(a_late_position_is_not_the_newest)
{
    struct world *w = *state;
    world_publish(w, "7", at(5));
    world_receive(w, "7", at(4));
    struct peer *ann = world_join(w, &dialect_compact);

    peer_follow_with_snapshot(ann, "7");

    peer_expect(ann, "7", at(5));
}

TEST(a_position_of_the_same_time_is_accepted)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7");
    struct moment first = {.number = 1, .time_ms = 500};
    struct moment second = {.number = 2, .time_ms = 500};

    world_publish(w, "7", first);
    world_publish(w, "7", second);

    peer_expect(ann, "7", first);
    peer_expect(ann, "7", second);
}

TEST(a_new_runner_over_the_limit_is_refused_and_known_ones_are_not)
{
    struct hub_options options = world_usual();
    options.max_runners = 2;
    struct world *w = world_like(state, options);
    world_publish(w, "7", at(1));
    struct peer *ann = world_follow(w, "9");

    world_publish(w, "8", at(1)); /* though there are two: nobody is kept out by what is followed */
    assert_int_equal(world_receive(w, "10", at(1)), ERR_TOO_MANY);
    world_publish(w, "7", at(2));
    world_publish(w, "9", at(3));
    peer_expect(ann, "9", at(3));

    assert_int_equal(hub_stats(w->hub).runners, 3);
    assert_int_equal(hub_stats(w->hub).received, 4);
}

static struct world *world_that_forgets(void **state)
{
    struct hub_options options = world_usual();
    options.position_ttl_ms = 1000;
    return world_like(state, options);
}

TEST(a_position_that_nobody_renews_is_forgotten)
{
    struct world *w = world_that_forgets(state);
    world_publish(w, "7", at(1));
    world_publish(w, "8", at(1));
    world_advance(w, 600);
    world_publish(w, "8", at(2));
    world_advance(w, 600);
    world_expire(w, 100);
    assert_int_equal(hub_stats(w->hub).runners, 1);

    struct peer *ann = world_join(w, &dialect_compact);
    peer_follow_with_snapshot(ann, "7 8");

    peer_expect(ann, "8", at(2));
    peer_expect_nothing_more(ann);
}

TEST(a_runner_that_is_followed_outlives_its_position)
{
    struct world *w = world_that_forgets(state);
    struct peer *ann = world_follow(w, "7");
    world_publish(w, "7", at(5));
    world_advance(w, 2000);
    world_expire(w, 100);
    assert_int_equal(hub_stats(w->hub).runners, 1);

    world_publish(w, "7", at(4)); /* not late: what it was late against is forgotten */

    peer_expect(ann, "7", at(5));
    peer_expect(ann, "7", at(4));
}

TEST(no_more_positions_are_forgotten_at_once_than_the_budget_allows)
{
    struct world *w = world_that_forgets(state);
    world_publish(w, "7", at(1));
    world_publish(w, "8", at(1));
    world_publish(w, "9", at(1));
    world_advance(w, 2000);

    world_expire(w, 2);
    assert_int_equal(hub_stats(w->hub).runners, 1);
    world_expire(w, 2);
    assert_int_equal(hub_stats(w->hub).runners, 0);
}

TEST(without_a_time_to_live_positions_stay)
{
    struct world *w = *state;
    world_publish(w, "7", at(1));
    world_advance(w, 1000000000);

    world_expire(w, 100);

    assert_int_equal(hub_stats(w->hub).runners, 1);
}
