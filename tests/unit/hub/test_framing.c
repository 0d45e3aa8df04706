/* Several positions in one frame: what is in which, and what it says of where its reader is. */
#include <stdio.h>

#include "tests/lib/world_test.h"

static struct peer *join_packed(struct world *w, const char *ids)
{
    struct peer *peer = world_join(w, &dialect_packed);
    peer_follow(peer, ids);
    return peer;
}

static const struct sealed *last_frame(const struct peer *peer)
{
    assert_true(peer->sealed_count > 0);
    return &peer->sealed[peer->sealed_count - 1];
}

static void expect_last_frame(const struct peer *peer, size_t positions, uint64_t applied)
{
    const struct sealed *frame = last_frame(peer);
    assert_int_equal(frame->positions, positions);
    assert_int_equal(frame->has_applied, applied != 0);
    assert_int_equal(frame->applied, applied);
}

TEST(what_a_turn_brings_is_one_frame_that_says_where_its_reader_is)
{
    struct world *w = *state;
    struct peer *ann = join_packed(w, "7 8");
    world_receive(w, "7", at(1));
    world_receive(w, "9", at(2));
    world_receive(w, "8", at(3));

    world_turn(w);

    peer_expect(ann, "7", at(1));
    peer_expect(ann, "8", at(3));
    assert_int_equal(ann->sealed_count, 1);
    expect_last_frame(ann, 2, 3);
    assert_false(last_frame(ann)->is_snapshot);
}

/* The others are not told of it, and would wait for its number in vain. */
TEST(a_late_position_of_this_origin_does_not_count_as_applied)
{
    struct world *w = *state;
    struct peer *ann = join_packed(w, "7");
    world_receive(w, "7", at(5));
    world_receive(w, "7", at(4));
    world_turn(w);
    expect_last_frame(ann, 1, 1);
    world_publish(w, "7", at(6));
    expect_last_frame(ann, 1, 3);
}

TEST(a_late_position_of_another_origin_counts_as_applied_though_nobody_gets_it)
{
    struct world *w = *state;
    struct position position = {.runner = runner_id_of("8"), .origin = 1, .sequence = 1};
    size_t origins;
    world_publish(w, "8", at(5));
    position.time_ms = at(4).time_ms;
    assert_int_equal(hub_publish(w->hub, &position, w->now_ms), HUB_LATE);
    assert_int_equal(hub_applied(w->hub, &origins)[1], 1);
    assert_int_equal(origins, 2);
}

TEST(a_large_frame_is_closed_and_another_opened)
{
    struct world *w = *state;
    struct peer *ann = join_packed(w, "7");
    for (int i = 1; i <= 1000; i++)
        world_receive(w, "7", at(i));

    world_turn(w);

    for (int i = 1; i <= 1000; i++)
        peer_expect(ann, "7", at(i));
    assert_int_equal(ann->sends, 1);
    assert_in_range(ann->sealed_count, 2, 3);
    assert_true(last_frame(ann)->has_applied);
}

TEST(who_joins_in_the_middle_of_a_turn_gets_what_comes_after_and_no_more)
{
    struct world *w = *state;
    struct peer *ann = join_packed(w, "7");
    world_receive(w, "7", at(1));
    struct peer *ben = join_packed(w, "7");
    world_receive(w, "7", at(2));

    world_turn(w);

    peer_expect(ann, "7", at(1));
    peer_expect(ann, "7", at(2));
    peer_expect(ben, "7", at(2));
    peer_expect_nothing_more(ben);
    expect_last_frame(ben, 1, 2);
}

TEST(who_leaves_for_a_larger_set_takes_the_open_frame_along)
{
    struct world *w = *state;
    struct peer *ann = join_packed(w, "7");
    world_receive(w, "7", at(1));

    peer_follow(ann, "8");
    world_receive(w, "8", at(2));
    world_turn(w);

    peer_expect(ann, "7", at(1));
    peer_expect(ann, "8", at(2));
    peer_expect_nothing_more(ann);
}

TEST(a_snapshot_is_marked_and_says_where_its_reader_is)
{
    struct world *w = *state;
    world_publish(w, "7", at(1));
    world_publish(w, "8", at(2));
    struct peer *ann = world_join(w, &dialect_packed);

    peer_follow_with_snapshot(ann, "7 8 9");

    assert_int_equal(ann->sealed_count, 1);
    expect_last_frame(ann, 2, 2);
    assert_true(last_frame(ann)->is_snapshot);
    world_publish(w, "9", at(3));
    assert_false(last_frame(ann)->is_snapshot);
}

TEST(a_snapshot_of_nothing_is_a_frame_too)
{
    struct world *w = *state;
    world_publish(w, "8", at(1));
    struct peer *ann = world_join(w, &dialect_packed);

    peer_follow_with_snapshot(ann, "7");

    expect_last_frame(ann, 0, 1);
    assert_true(last_frame(ann)->is_snapshot);
}

TEST(of_a_snapshot_of_several_frames_the_last_alone_says_where_its_reader_is)
{
    struct world *w = *state;
    char id[8];
    struct peer *ann = world_join(w, &dialect_packed);
    for (int i = 0; i < 600; i++) {
        snprintf(id, sizeof id, "r%d", i);
        world_publish(w, id, at(i + 1));
        peer_follow(ann, id);
    }

    peer_leave(ann);
    char all[8 * 600] = "";
    for (size_t i = 0, len = 0; i < 600; i++)
        len += (size_t)snprintf(all + len, sizeof all - len, "r%zu ", i);
    peer_follow_with_snapshot(ann, all);

    assert_int_equal(ann->sealed_count, 3);
    assert_false(ann->sealed[0].has_applied);
    assert_false(ann->sealed[1].has_applied);
    expect_last_frame(ann, 600 - 2 * 256, 600);
}

TEST(who_was_behind_is_told_how_many_it_was_not_given)
{
    struct world *w = *state;
    struct peer *ann = join_packed(w, "7");
    peer_block(ann);
    world_publish(w, "7", at(1));
    world_advance(w, w->options.lag_ms + 1);
    world_publish(w, "7", at(2));
    world_publish(w, "7", at(3));
    world_publish(w, "7", at(4));

    peer_unblock(ann);

    peer_expect(ann, "7", at(4));
    peer_expect_nothing_more(ann);
    expect_last_frame(ann, 1, 4);
    assert_int_equal(last_frame(ann)->superseded, 3);
    assert_int_equal(hub_superseded(&ann->follower), 3);
    world_publish(w, "7", at(5));
    expect_last_frame(ann, 1, 5);
}

TEST(a_frame_that_the_socket_cut_is_completed)
{
    struct world *w = *state;
    struct peer *ann = join_packed(w, "7");
    peer_limit(ann, 30);
    for (int i = 1; i <= 5; i++)
        world_receive(w, "7", at(i));

    world_turn(w);

    assert_int_equal(ann->sealed_count, 1);
    assert_true(ann->kept_bytes > 0);
    peer_unblock(ann);
    for (int i = 1; i <= 5; i++)
        peer_expect(ann, "7", at(i));
    peer_expect_nothing_more(ann);
}

/* --- with a pace ---------------------------------------------------------------------------------------------------- */

static struct peer *join_at_pace(struct world *w, const char *ids, bool snapshot)
{
    struct peer *peer = world_join(w, &dialect_packed);
    struct hub_follow how = {.sets_pace = true, .pace_ms = 500, .snapshot = snapshot};
    assert_int_equal(peer_try_follow(peer, ids, how), 0);
    return peer;
}

TEST(a_tick_is_one_frame_that_says_where_its_reader_is)
{
    struct world *w = *state;
    struct peer *ann = join_at_pace(w, "7 8", false);
    world_advance(w, 1000);
    world_publish(w, "7", at(1));
    world_advance(w, 500); /* whoever joined before has had a tick now */
    world_turn(w);
    size_t before = ann->sealed_count;
    world_publish(w, "7", at(2));
    world_publish(w, "8", at(3));
    world_publish(w, "7", at(4));

    world_advance(w, 500);
    world_turn(w);

    assert_int_equal(ann->sealed_count, before + 1);
    expect_last_frame(ann, 2, 4);
}

TEST(what_comes_after_a_tick_is_not_said_to_be_in_it)
{
    struct hub_options options = world_usual();
    options.flush_sends = 1;
    struct world *w = world_like(state, options);
    struct peer *other = join_packed(w, "7");
    struct peer *ann = join_at_pace(w, "7", false);
    world_receive(w, "7", at(1));
    world_advance(w, 500);
    assert_true(world_flush(w)); /* the other is served, and with that the budget used up */
    assert_int_equal(other->sealed_count + ann->sealed_count, 1);

    world_receive(w, "7", at(2));
    world_turn(w);

    struct peer *last = ann;
    assert_int_equal(last->sealed_count, 1);
    expect_last_frame(ann, 1, 1);
}

TEST(who_joins_between_two_ticks_gets_nothing_twice)
{
    struct world *w = *state;
    struct peer *ann = join_at_pace(w, "7 8", false);
    world_publish(w, "7", at(1));
    struct peer *ben = join_at_pace(w, "7 8", true);
    peer_expect(ben, "7", at(1));
    world_publish(w, "8", at(2));

    world_advance(w, 500);
    world_turn(w);

    peer_expect(ann, "7", at(1));
    peer_expect(ann, "8", at(2));
    peer_expect(ben, "8", at(2));
    peer_expect_nothing_more(ben);
    expect_last_frame(ben, 1, 2);
}

/* --- time ----------------------------------------------------------------------------------------------------------- */

TEST(a_position_with_the_fix_time_of_the_newest_is_a_duplicate)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7");
    struct moment fix = {.number = 1, .time_ms = 1000, .is_fix = true};
    world_publish(w, "7", fix);

    assert_int_equal(world_receive(w, "7", fix), HUB_DUPLICATE);
    world_turn(w);

    peer_expect(ann, "7", fix);
    peer_expect_nothing_more(ann);
    assert_int_equal(hub_stats(w->hub).duplicate, 1);
}
