/* Who follows whom: sets, audiences, limits, and what remains of one that leaves. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "tests/lib/world_test.h"

#define MANY 20

TEST(every_follower_of_a_runner_gets_its_positions_in_order)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7");
    struct peer *ben = world_follow(w, "7 8");

    world_publish(w, "7", at(1));
    world_publish(w, "8", at(2));
    world_publish(w, "7", at(3));

    peer_expect(ann, "7", at(1));
    peer_expect(ann, "7", at(3));
    peer_expect_nothing_more(ann);
    peer_expect(ben, "7", at(1));
    peer_expect(ben, "8", at(2));
    peer_expect(ben, "7", at(3));
    peer_expect_nothing_more(ben);
    assert_int_equal(hub_stats(w->hub).received, 3);
    assert_int_equal(hub_stats(w->hub).delivered, 5);
    assert_int_equal(hub_stats(w->hub).superseded, 0);
}

TEST(a_follower_of_another_runner_gets_nothing)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "8");

    world_publish(w, "7", at(1));

    peer_expect_nothing_more(ann);
    assert_int_equal(ann->sends, 0);
}

TEST(the_publisher_needs_no_follower)
{
    struct world *w = *state;

    world_publish(w, "7", at(1));

    assert_int_equal(w->encoded, 0);
    assert_int_equal(hub_stats(w->hub).queued_bytes, 0);
    assert_int_equal(hub_stats(w->hub).received, 1);
}

TEST(following_sends_nothing_by_itself)
{
    struct world *w = *state;
    world_publish(w, "7", at(1));

    struct peer *ann = world_follow(w, "7");
    world_turn(w);

    peer_expect_nothing_more(ann);
}

TEST(a_follow_gets_nothing_that_was_published_before_it_in_the_same_turn)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7");
    world_receive(w, "7", at(1));
    struct peer *ben = world_follow(w, "7");
    world_receive(w, "7", at(2));
    world_turn(w);

    peer_expect(ann, "7", at(1));
    peer_expect(ann, "7", at(2));
    peer_expect_nothing_more(ann);
    peer_expect(ben, "7", at(2));
    peer_expect_nothing_more(ben);
}

TEST(a_follow_adds_to_what_was_followed)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7");

    peer_follow(ann, "8");
    world_publish(w, "7", at(1));
    world_publish(w, "8", at(2));

    peer_expect(ann, "7", at(1));
    peer_expect(ann, "8", at(2));
    peer_expect_nothing_more(ann);
    assert_int_equal(hub_following(&ann->follower), 2);
    assert_int_equal(hub_stats(w->hub).followers, 1);
    assert_int_equal(hub_stats(w->hub).audiences, 1);
}

TEST(repeated_and_known_ids_count_once)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7 7 8 7");

    peer_follow(ann, "8 8");
    world_publish(w, "7", at(1));

    assert_int_equal(hub_following(&ann->follower), 2);
    peer_expect(ann, "7", at(1));
    peer_expect_nothing_more(ann);
}

TEST(a_follow_of_no_ids_changes_nothing)
{
    struct world *w = *state;
    struct peer *ann = world_join(w, &dialect_compact);

    peer_follow(ann, "");
    assert_int_equal(hub_stats(w->hub).followers, 0);

    peer_follow(ann, "7");
    peer_follow(ann, "");
    assert_int_equal(hub_following(&ann->follower), 1);
}

TEST(ids_of_one_beginning_are_different_runners)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7");
    struct peer *ben = world_follow(w, "77");

    world_publish(w, "77", at(1));

    peer_expect_nothing_more(ann);
    peer_expect(ben, "77", at(1));
}

TEST(equal_sets_are_one_audience_however_they_came_about)
{
    struct world *w = *state;
    world_follow(w, "7 8 9");
    world_follow(w, "9 8 7 9");
    struct peer *step_by_step = world_follow(w, "8");
    peer_follow(step_by_step, "7");
    peer_follow_with_snapshot(step_by_step, "9");

    assert_int_equal(hub_stats(w->hub).audiences, 1);
    assert_int_equal(hub_stats(w->hub).followers, 3);
    assert_int_equal(hub_stats(w->hub).runners, 3);
}

TEST(a_position_is_encoded_once_for_all_who_speak_the_same_dialect)
{
    struct world *w = *state;
    struct peer *others[MANY];
    for (int i = 0; i < MANY; i++)
        others[i] = world_follow(w, i % 2 == 0 ? "7" : "7 8");

    world_publish(w, "7", at(1));

    assert_int_equal(w->encoded, 1);
    assert_int_equal(hub_stats(w->hub).audiences, 2);
    for (int i = 0; i < MANY; i++)
        peer_expect(others[i], "7", at(1));
}

TEST(audiences_of_two_dialects_are_apart)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7");
    struct peer *ben = world_join(w, &dialect_bulky);
    peer_follow(ben, "7");

    world_publish(w, "7", at(1));

    assert_int_equal(hub_stats(w->hub).audiences, 2);
    assert_int_equal(w->encoded, 2);
    peer_expect(ann, "7", at(1));
    peer_expect(ben, "7", at(1));
    assert_int_equal(ben->passed_bytes, frame_bytes(&dialect_bulky, "7"));
}

TEST(an_audience_goes_with_its_last_member)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7 8");
    struct peer *ben = world_follow(w, "7 8");

    peer_leave(ann);
    assert_int_equal(hub_stats(w->hub).audiences, 1);
    peer_leave(ben);
    assert_int_equal(hub_stats(w->hub).audiences, 0);
    assert_int_equal(hub_stats(w->hub).followers, 0);
}

TEST(a_runner_goes_when_it_has_neither_position_nor_follower)
{
    struct world *w = *state;
    world_publish(w, "8", at(1));
    struct peer *ann = world_follow(w, "7 8");
    assert_int_equal(hub_stats(w->hub).runners, 2);

    peer_leave(ann);

    assert_int_equal(hub_stats(w->hub).runners, 1);
}

TEST(one_that_left_gets_nothing_more_and_may_leave_again)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7");
    struct peer *ben = world_follow(w, "7");
    world_receive(w, "7", at(1));

    peer_leave(ann);
    peer_leave(ann);
    world_turn(w);
    world_publish(w, "7", at(2));

    peer_expect_nothing_more(ann);
    peer_expect(ben, "7", at(1));
    peer_expect(ben, "7", at(2));
}

TEST(one_that_left_may_follow_again)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7");
    peer_leave(ann);
    world_publish(w, "7", at(1));

    peer_follow(ann, "7");
    world_publish(w, "7", at(2));

    peer_expect(ann, "7", at(2));
    peer_expect_nothing_more(ann);
}

TEST(the_last_member_leaves_nothing_behind_even_with_positions_pending)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7");
    world_receive(w, "7", at(1));
    peer_leave(ann);

    struct peer *ben = world_follow(w, "7");
    world_turn(w);

    peer_expect_nothing_more(ann);
    peer_expect_nothing_more(ben);
    assert_int_equal(hub_stats(w->hub).queued_bytes, 0);
}

TEST(a_snapshot_is_the_newest_position_of_each_added_runner)
{
    struct world *w = *state;
    world_publish(w, "7", at(1));
    world_publish(w, "7", at(2));
    struct peer *ann = world_join(w, &dialect_compact);

    peer_follow_with_snapshot(ann, "7 8");
    world_turn(w);

    peer_expect(ann, "7", at(2));
    peer_expect_nothing_more(ann);
    assert_int_equal(hub_stats(w->hub).behind, 0);
    assert_int_equal(hub_stats(w->hub).superseded, 0);
}

TEST(a_snapshot_is_only_of_what_is_added_now)
{
    struct world *w = *state;
    world_publish(w, "7", at(1));
    world_publish(w, "8", at(2));
    struct peer *ann = world_follow(w, "7");

    peer_follow_with_snapshot(ann, "7 8");
    world_turn(w);

    peer_expect(ann, "8", at(2));
    peer_expect_nothing_more(ann);
}

TEST(a_snapshot_and_what_is_published_in_the_same_turn_come_once_each)
{
    struct world *w = *state;
    struct peer *ann = world_join(w, &dialect_compact);
    struct peer *ben = world_follow(w, "7");
    world_receive(w, "7", at(1));
    peer_follow_with_snapshot(ann, "7");
    world_receive(w, "7", at(2));
    world_turn(w);

    peer_expect(ann, "7", at(1));
    peer_expect(ann, "7", at(2));
    peer_expect_nothing_more(ann);
    peer_expect(ben, "7", at(1));
    peer_expect(ben, "7", at(2));
    peer_expect_nothing_more(ben);
}

TEST(a_snapshot_waits_for_a_full_socket_and_is_the_newest_then)
{
    struct world *w = *state;
    world_publish(w, "7", at(1));
    struct peer *ann = world_join(w, &dialect_compact);
    peer_block_unseen(ann);

    peer_follow_with_snapshot(ann, "7");
    assert_int_equal(hub_stats(w->hub).behind, 1);
    world_publish(w, "7", at(2));
    peer_unblock(ann);

    peer_expect(ann, "7", at(2));
    peer_expect_nothing_more(ann);
    assert_int_equal(hub_stats(w->hub).behind, 0);
    assert_int_equal(hub_stats(w->hub).superseded, 1);
}

TEST(a_follow_loses_nothing_that_is_pending_for_the_old_set)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7");
    world_receive(w, "7", at(1));
    world_receive(w, "8", at(2));

    peer_follow(ann, "8");
    world_receive(w, "8", at(3));
    world_receive(w, "7", at(4));
    world_turn(w);

    peer_expect(ann, "7", at(1));
    peer_expect(ann, "8", at(3));
    peer_expect(ann, "7", at(4));
    peer_expect_nothing_more(ann);
}

TEST(a_follow_with_snapshot_loses_nothing_that_is_pending_for_the_old_set)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7");
    world_receive(w, "7", at(1));
    world_receive(w, "7", at(2));
    world_receive(w, "8", at(3));

    peer_follow_with_snapshot(ann, "8");
    world_turn(w);

    peer_expect(ann, "7", at(1));
    peer_expect(ann, "7", at(2));
    peer_expect(ann, "8", at(3));
    peer_expect_nothing_more(ann);
}

TEST(a_follow_of_one_that_lags_hands_over_its_backlog_first)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7");
    peer_limit(ann, 10);
    world_publish(w, "7", at(1));
    world_publish(w, "7", at(2));
    world_receive(w, "7", at(3));

    peer_follow(ann, "8");
    world_publish(w, "8", at(4));
    world_publish(w, "7", at(5));
    peer_unblock(ann);

    peer_expect(ann, "7", at(1));
    peer_expect(ann, "7", at(2));
    peer_expect(ann, "7", at(3));
    peer_expect(ann, "8", at(4));
    peer_expect(ann, "7", at(5));
    peer_expect_nothing_more(ann);
    assert_int_equal(hub_stats(w->hub).queued_bytes, 0);
}

TEST(one_that_leaves_its_audience_takes_nothing_from_the_others)
{
    struct world *w = *state;
    struct peer *peers[MANY];
    for (int i = 0; i < MANY; i++)
        peers[i] = world_follow(w, "7");
    world_receive(w, "7", at(1));
    for (int i = 0; i < MANY; i += 2)
        peer_follow(peers[i], "8");
    world_turn(w);
    world_publish(w, "8", at(2));

    for (int i = 0; i < MANY; i++) {
        peer_expect(peers[i], "7", at(1));
        if (i % 2 == 0)
            peer_expect(peers[i], "8", at(2));
        peer_expect_nothing_more(peers[i]);
    }
}

TEST(a_follow_over_the_followers_limit_changes_nothing)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7 8");
    struct hub_follow three = {.max_following = 3};

    assert_int_equal(peer_try_follow(ann, "9 10", three), ERR_FULL);
    assert_int_equal(hub_following(&ann->follower), 2);
    assert_int_equal(hub_stats(w->hub).runners, 2);
    assert_int_equal(peer_try_follow(ann, "8 9 7 9", three), 0);
    assert_int_equal(hub_following(&ann->follower), 3);
}

TEST(a_first_follow_over_the_limit_leaves_nothing_in_the_hub)
{
    struct world *w = *state;
    struct peer *ann = world_join(w, &dialect_compact);
    struct hub_follow one = {.max_following = 1};

    assert_int_equal(peer_try_follow(ann, "7 8", one), ERR_FULL);
    assert_int_equal(hub_stats(w->hub).followers, 0);
    assert_int_equal(hub_stats(w->hub).runners, 0);
    assert_int_equal(hub_stats(w->hub).audiences, 0);
}

TEST(a_follow_over_the_hubs_limit_changes_nothing)
{
    struct hub_options options = world_usual();
    options.max_runners = 3;
    struct world *w = world_like(state, options);
    world_publish(w, "1", at(1));
    struct peer *ann = world_follow(w, "7");

    assert_int_equal(peer_try_follow(ann, "1 8 9", (struct hub_follow){0}), ERR_TOO_MANY);
    assert_int_equal(hub_stats(w->hub).runners, 2);
    assert_int_equal(hub_following(&ann->follower), 1);
    assert_int_equal(peer_try_follow(ann, "1 8", (struct hub_follow){0}), 0);
    world_publish(w, "7", at(2));
    peer_expect(ann, "7", at(2));
}

TEST(a_popular_runner_may_be_in_many_audiences)
{
    struct world *w = *state;
    struct peer *peers[MANY];
    for (int i = 0; i < MANY; i++) {
        char ids[32];
        snprintf(ids, sizeof ids, "7 other-%d", i);
        peers[i] = world_follow(w, ids);
    }
    for (int i = 0; i < MANY; i += 3)
        peer_leave(peers[i]);
    world_publish(w, "7", at(1));

    for (int i = 0; i < MANY; i++) {
        if (i % 3 != 0)
            peer_expect(peers[i], "7", at(1));
        peer_expect_nothing_more(peers[i]);
    }
}

/* --- fewer ---------------------------------------------------------------------------------------------------------- */

static bool is_not_seven(void *ctx, const struct runner_id *id)
{
    (void)ctx;
    return id->len != 1 || id->text[0] != '7';
}

static bool is_none(void *ctx, const struct runner_id *id)
{
    (void)ctx;
    (void)id;
    return false;
}

static bool is_any(void *ctx, const struct runner_id *id)
{
    (void)ctx;
    (void)id;
    return true;
}

static int narrow(struct world *w, struct peer *peer, hub_keep_fn *keep)
{
    return hub_narrow(w->hub, &peer->follower, keep, NULL, w->now_ms);
}

static bool is_another(void *ctx, const struct runner_id *id)
{
    struct runner_id given = runner_id_of(ctx);
    return id->len != given.len || memcmp(id->text, given.text, id->len) != 0;
}

static int narrow_from(struct world *w, struct peer *peer, const char *id)
{
    return hub_narrow(w->hub, &peer->follower, is_another, (void *)id, w->now_ms);
}

TEST(a_follower_can_be_kept_from_some_of_its_runners_and_gets_the_others_on)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7 8");
    struct peer *ben = world_follow(w, "7 8");
    world_publish(w, "7", at(1));

    assert_int_equal(narrow(w, ann, is_not_seven), 0);
    world_publish(w, "7", at(2));
    world_publish(w, "8", at(3));

    assert_int_equal(hub_following(&ann->follower), 1);
    peer_expect(ann, "7", at(1));
    peer_expect(ann, "8", at(3));
    peer_expect_nothing_more(ann);
    peer_expect(ben, "7", at(1));
    peer_expect(ben, "7", at(2));
    peer_expect(ben, "8", at(3));
}

TEST(a_follower_kept_from_all_follows_nothing)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7 8");

    assert_int_equal(narrow(w, ann, is_none), 0);
    world_publish(w, "7", at(1));

    peer_expect_nothing_more(ann);
    assert_int_equal(hub_following(&ann->follower), 0);
    assert_int_equal(hub_stats(w->hub).followers, 0);
    assert_int_equal(hub_stats(w->hub).audiences, 0);
    assert_int_equal(narrow(w, ann, is_none), 0);
}

TEST(a_follower_kept_from_nothing_keeps_its_audience)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7 8");
    const struct audience *audience = ann->follower.audience;

    assert_int_equal(narrow(w, ann, is_any), 0);

    assert_ptr_equal(ann->follower.audience, audience);
}

TEST(one_that_is_behind_and_kept_from_a_runner_gets_nothing_of_it_when_it_drains)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7 8");
    peer_block(ann);
    world_publish(w, "7", at(1));
    world_publish(w, "8", at(2));
    world_advance(w, 10000);
    world_publish(w, "7", at(3));
    world_publish(w, "8", at(4));
    assert_true(ann->follower.behind);

    assert_int_equal(narrow(w, ann, is_not_seven), 0);
    peer_unblock(ann);

    peer_expect(ann, "8", at(4));
    peer_expect_nothing_more(ann);
}

TEST(one_that_lags_and_is_kept_from_a_runner_gets_its_backlog_first_and_then_nothing_of_it)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7 8 9");
    peer_block(ann);
    for (int i = 1; i <= 4; i++)
        world_publish(w, i % 2 ? "7" : "8", at(i));
    world_receive(w, "7", at(5));
    assert_false(ann->follower.behind);

    assert_int_equal(narrow(w, ann, is_not_seven), 0);
    uint64_t backlog_end = ann->handed_bytes;
    world_publish(w, "7", at(6));
    world_publish(w, "8", at(7));
    world_publish(w, "9", at(8));
    assert_int_equal(ann->handed_bytes, backlog_end);
    peer_unblock(ann);

    for (int i = 1; i <= 5; i++)
        peer_expect(ann, i % 2 ? "7" : "8", at(i));
    peer_expect(ann, "8", at(7));
    peer_expect(ann, "9", at(8));
    peer_expect_nothing_more(ann);
    assert_int_equal(hub_stats(w->hub).superseded, 0);
}

TEST(a_follower_may_be_kept_from_one_runner_after_the_other)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7 8 9 10");
    static const char *const taken[] = {"9", "7", "10", "8"};
    int number = 0;

    for (size_t count = 0; count < 4; count++) {
        assert_int_equal(hub_following(&ann->follower), 4 - count);
        world_publish(w, taken[count], at(++number));
        peer_expect(ann, taken[count], at(number));
        assert_int_equal(narrow_from(w, ann, taken[count]), 0);
        assert_int_equal(narrow_from(w, ann, taken[count]), 0);
        for (size_t i = 0; i <= count; i++)
            world_publish(w, taken[i], at(++number));
        peer_expect_nothing_more(ann);
    }

    assert_int_equal(hub_stats(w->hub).followers, 0);
    assert_int_equal(hub_stats(w->hub).audiences, 0);
}

TEST(one_that_is_behind_may_be_kept_from_one_runner_after_the_other)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7 8 9");
    peer_block(ann);
    world_publish(w, "9", at(1));
    world_advance(w, 10000);
    world_publish(w, "7", at(2));
    world_publish(w, "8", at(3));
    world_publish(w, "9", at(4));
    assert_true(ann->follower.behind);

    assert_int_equal(narrow_from(w, ann, "7"), 0);
    world_publish(w, "8", at(5));
    assert_int_equal(narrow_from(w, ann, "9"), 0);
    peer_follow(ann, "7");
    peer_unblock(ann);
    world_publish(w, "7", at(6));

    peer_expect(ann, "8", at(5));
    peer_expect(ann, "7", at(6));
    peer_expect_nothing_more(ann);
    assert_int_equal(hub_stats(w->hub).behind, 0);
    assert_int_equal(hub_stats(w->hub).superseded, 4);
}

/* What one message moved, in runners. */
static uint64_t moved_by(struct peer *peer, const char *ids, struct hub_follow how)
{
    uint64_t moved = hub_stats(peer->world->hub).moved;
    assert_int_equal(peer_try_follow(peer, ids, how), 0);
    return hub_stats(peer->world->hub).moved - moved;
}

TEST(a_follow_moves_the_set_that_there_was_and_the_one_that_there_is_then)
{
    struct world *w = *state;
    struct peer *ann = world_join(w, &dialect_compact);
    struct hub_follow pace = {.sets_pace = true, .pace_ms = 100};

    assert_int_equal(moved_by(ann, "1 2 3", (struct hub_follow){0}), 3);
    assert_int_equal(moved_by(ann, "4 2", (struct hub_follow){0}), 3 + 4);
    assert_int_equal(moved_by(ann, "1", pace), 4 + 4);
}

TEST(a_follow_that_changes_nothing_moves_nothing)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "1 2 3");
    struct hub_follow again = {.sets_pace = true, .pace_ms = 0, .snapshot = true};

    assert_int_equal(moved_by(ann, "3 1 1", again), 0);

    world_publish(w, "3", at(1));
    peer_expect(ann, "3", at(1));
    peer_expect_nothing_more(ann);
}
