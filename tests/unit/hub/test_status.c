/* Who is stale, who is lost, and who is told. */
#include <stdio.h>
#include <string.h>

#include "tests/lib/world_test.h"

#define STALE_MS 15000
#define LOST_MS 60000

static struct world *world_with_status(void **state)
{
    struct hub_options options = world_usual();
    options.stale_ms = STALE_MS;
    options.lost_ms = LOST_MS;
    return world_like(state, options);
}

static struct peer *join(struct world *w, const struct hub_dialect *dialect, struct hub_follow how)
{
    struct peer *peer = world_join(w, dialect);
    assert_int_equal(peer_try_follow(peer, "7 8", how), 0);
    return peer;
}

/* Time passes, second by second. */
static void pass(struct world *w, uint64_t ms)
{
    for (uint64_t at_ms = 0; at_ms < ms; at_ms += 1000) {
        world_advance(w, 1000);
        world_expire(w, 100);
        world_turn(w);
    }
}

static void expect_notice(const struct peer *peer, size_t index, const char *id,
                          enum runner_status status)
{
    assert_true(peer->notice_count > index);
    const struct notice *notice = &peer->notices[index];
    assert_int_equal(notice->runner.len, strlen(id));
    assert_memory_equal(notice->runner.text, id, strlen(id));
    assert_int_equal(notice->status, status);
}

/* Who catches up goes round the set in the order of addresses: nobody knows who is first. */
static void expect_notices_of_both(const struct peer *peer, size_t index, enum runner_status status)
{
    assert_int_equal(peer->notice_count, index + 2);
    bool begins_with_8 = peer->notices[index].runner.text[0] == '8';
    expect_notice(peer, index + begins_with_8, "7", status);
    expect_notice(peer, index + !begins_with_8, "8", status);
}

static void expect_both(struct peer *peer, struct moment of_7, struct moment of_8)
{
    assert_true(peer->arrival_count > peer->read);
    bool begins_with_8 = arrival_is_of(&peer->arrivals[peer->read], "8");
    if (begins_with_8)
        peer_expect(peer, "8", of_8);
    peer_expect(peer, "7", of_7);
    if (!begins_with_8)
        peer_expect(peer, "8", of_8);
}

TEST(a_silent_runner_is_stale_then_lost_and_live_with_its_next_position)
{
    struct world *w = world_with_status(state);
    struct peer *ann = join(w, &dialect_packed, (struct hub_follow){0});
    world_publish(w, "7", at(1));

    pass(w, STALE_MS);
    assert_int_equal(ann->notice_count, 0);
    pass(w, 1000);
    expect_notice(ann, 0, "7", RUNNER_STALE);
    pass(w, LOST_MS);
    expect_notice(ann, 1, "7", RUNNER_LOST);
    assert_int_equal(ann->notice_count, 2);

    world_publish(w, "7", at(2));
    expect_notice(ann, 2, "7", RUNNER_LIVE);
    assert_int_equal(ann->notices[2].arrivals, 1); /* told before the position */
    peer_expect(ann, "7", at(1));
    peer_expect(ann, "7", at(2));
    peer_expect_nothing_more(ann);
}

TEST(who_was_cut_off_in_a_notice_gets_the_position_behind_it)
{
    struct world *w = world_with_status(state);
    struct peer *ann = join(w, &dialect_packed, (struct hub_follow){0});
    world_publish(w, "7", at(1));
    peer_expect(ann, "7", at(1));
    pass(w, STALE_MS + 1000);

    peer_limit(ann, 1);
    world_publish(w, "7", at(2)); /* live again: cut in the notice */
    world_advance(w, w->options.lag_ms + 1);
    world_publish(w, "8", at(3));
    assert_true(ann->follower.behind);
    peer_unblock(ann);
    pass(w, 3000);
    expect_both(ann, at(2), at(3));
}

/* Has the newest of both, and fell behind over 8. */
static struct peer *join_and_fall_behind(struct world *w)
{
    struct peer *ann = join(w, &dialect_packed, (struct hub_follow){0});
    world_publish(w, "7", at(1));
    peer_block(ann);
    world_publish(w, "8", at(2));
    world_advance(w, w->options.lag_ms + 1);
    world_publish(w, "8", at(3));
    assert_true(ann->follower.behind);
    peer_expect(ann, "7", at(1));
    return ann;
}

TEST(who_is_behind_while_somebody_falls_silent_is_told_so_and_not_the_position_again)
{
    struct world *w = world_with_status(state);
    struct peer *ann = join_and_fall_behind(w);
    for (int i = 4; i < 24; i++) {
        pass(w, 1000);
        world_publish(w, "8", at(i));
    }

    peer_unblock(ann);

    expect_notice(ann, 0, "7", RUNNER_STALE);
    assert_int_equal(ann->notice_count, 1);
    peer_expect(ann, "8", at(23));
    peer_expect_nothing_more(ann);
    assert_true(ann->sealed[ann->sealed_count - 1].has_applied);
}

TEST(who_is_behind_and_has_all_positions_is_told_of_silence_alone_and_where_it_is)
{
    struct world *w = world_with_status(state);
    struct peer *ann = join_and_fall_behind(w);
    peer_limit(ann, 1);
    pass(w, 3000);
    peer_unblock(ann);
    peer_expect(ann, "8", at(3));
    peer_block(ann);
    pass(w, LOST_MS + STALE_MS);
    assert_true(ann->follower.behind);
    size_t sealed_before = ann->sealed_count;

    peer_unblock(ann);

    expect_notices_of_both(ann, 0, RUNNER_LOST);
    peer_expect_nothing_more(ann);
    assert_int_equal(ann->sealed_count, sealed_before + 1);
    assert_true(ann->sealed[sealed_before].has_applied);
}

TEST(who_is_back_by_the_time_one_reads_again_is_just_shown)
{
    struct world *w = world_with_status(state);
    struct peer *ann = join_and_fall_behind(w);
    pass(w, STALE_MS + 1000);
    world_publish(w, "7", at(4));
    world_publish(w, "8", at(5));

    peer_unblock(ann);

    assert_int_equal(ann->notice_count, 0);
    expect_both(ann, at(4), at(5));
    peer_expect_nothing_more(ann);
}

TEST(a_crowd_that_falls_silent_meanwhile_is_told_in_portions)
{
    struct world *w = world_with_status(state);
    struct peer *ann = world_join(w, &dialect_packed);
    char id[16];
    for (int i = 0; i < 60; i++) {
        snprintf(id, sizeof id, "r%d", i);
        peer_follow(ann, id);
        world_publish(w, id, at(i));
        peer_expect(ann, id, at(i));
    }
    peer_follow(ann, "7");
    peer_block(ann);
    world_publish(w, "7", at(100));
    world_advance(w, w->options.lag_ms + 1);
    world_publish(w, "7", at(101));
    pass(w, STALE_MS + 1000);

    for (int i = 0; i < 300; i++)
        peer_drain(ann, 40);
    peer_unblock(ann);

    assert_int_equal(ann->notice_count, 60);
    peer_expect(ann, "7", at(101));
    peer_expect_nothing_more(ann);
    assert_false(ann->follower.behind);
}

TEST(who_is_renewed_in_time_stays_live)
{
    struct world *w = world_with_status(state);
    struct peer *ann = join(w, &dialect_packed, (struct hub_follow){0});
    for (int i = 1; i < 10; i++) {
        world_publish(w, "7", at(i));
        pass(w, STALE_MS - 1000);
    }
    assert_int_equal(ann->notice_count, 0);
}

TEST(a_dialect_without_a_word_for_it_hears_nothing)
{
    struct world *w = world_with_status(state);
    struct peer *ann = join(w, &dialect_compact, (struct hub_follow){0});
    world_publish(w, "7", at(1));
    peer_expect(ann, "7", at(1));
    uint64_t sends = ann->sends;

    pass(w, LOST_MS + STALE_MS);

    assert_int_equal(ann->sends, sends);
    peer_expect_nothing_more(ann);
}

TEST(with_a_pace_it_is_told_at_a_tick_and_nothing_is_lost_with_it)
{
    struct world *w = world_with_status(state);
    struct peer *ann =
        join(w, &dialect_packed, (struct hub_follow){.sets_pace = true, .pace_ms = 5000});
    world_publish(w, "7", at(1));
    pass(w, STALE_MS - 1000);
    world_publish(w, "8", at(2)); /* waits for the tick as 7 becomes stale */
    pass(w, 10000);

    expect_notice(ann, 0, "7", RUNNER_STALE);
    assert_int_equal(ann->notice_count, 1);
    peer_expect(ann, "7", at(1));
    peer_expect(ann, "8", at(2));
    peer_expect_nothing_more(ann);
    world_publish(w, "7", at(3));
    pass(w, 5000);
    expect_notice(ann, 1, "7", RUNNER_LIVE);
    peer_expect(ann, "7", at(3));
    peer_expect_nothing_more(ann);
}

TEST(what_says_no_position_counts_as_none)
{
    struct world *w = world_with_status(state);
    struct peer *ann = join(w, &dialect_packed, (struct hub_follow){0});
    world_publish(w, "7", at(1));
    peer_block(ann);
    pass(w, STALE_MS + 1000);
    world_advance(w, w->options.lag_ms + 1);
    world_publish(w, "8", at(2));
    world_publish(w, "8", at(3));

    peer_unblock(ann);

    peer_expect(ann, "7", at(1));
    peer_expect(ann, "8", at(3));
    assert_int_equal(hub_superseded(&ann->follower), 1);
}

TEST(the_lost_are_forgotten_first)
{
    struct hub_options options = world_usual();
    options.stale_ms = STALE_MS;
    options.lost_ms = LOST_MS;
    options.position_ttl_ms = 2 * LOST_MS;
    struct world *w = world_like(state, options);
    world_publish(w, "7", at(1));
    pass(w, LOST_MS);
    world_publish(w, "8", at(2));
    assert_int_equal(hub_stats(w->hub).runners, 2);

    pass(w, LOST_MS + 1000);

    assert_int_equal(hub_stats(w->hub).runners, 1);
    struct position newest;
    struct runner_id id = runner_id_of("8");
    assert_true(hub_newest(w->hub, &id, &newest));
}

/* --- asking --------------------------------------------------------------------------------------------------------- */

static bool count_statuses(void *ctx, const struct position *position, enum runner_status status)
{
    size_t *counts = ctx;
    assert_true(position->runner.len > 0);
    counts[status]++;
    return true;
}

TEST(the_newest_of_all_can_be_asked_for_with_their_status)
{
    struct world *w = world_with_status(state);
    size_t counts[RUNNER_LOST + 1] = {0};
    world_publish(w, "7", at(1));
    pass(w, STALE_MS + 1000);
    world_publish(w, "8", at(2));
    world_publish(w, "9", at(3));

    hub_each_newest(w->hub, count_statuses, counts);

    assert_int_equal(counts[RUNNER_LIVE], 2);
    assert_int_equal(counts[RUNNER_STALE], 1);
    assert_int_equal(counts[RUNNER_LOST], 0);
}

TEST(whether_somebody_follows_can_be_asked)
{
    struct world *w = *state;
    struct runner_id seven = runner_id_of("7");
    assert_false(hub_is_followed(w->hub, &seven));
    world_publish(w, "7", at(1));
    assert_false(hub_is_followed(w->hub, &seven));
    struct peer *ann = world_follow(w, "7");
    assert_true(hub_is_followed(w->hub, &seven));
    peer_leave(ann);
    assert_false(hub_is_followed(w->hub, &seven));
}

TEST(a_follower_can_be_owed_all_its_set_anew)
{
    struct world *w = *state;
    struct peer *ann = join(w, &dialect_packed, (struct hub_follow){0});
    world_publish(w, "7", at(1));
    world_publish(w, "8", at(2));
    world_publish(w, "7", at(3));
    peer_block(ann);
    world_publish(w, "7", at(4)); /* it has a place */
    world_receive(w, "8", at(5)); /* and more is pending */

    assert_int_equal(hub_owe_snapshot(w->hub, &ann->follower, w->now_ms), 0);
    peer_unblock(ann);

    peer_expect(ann, "7", at(1));
    peer_expect(ann, "8", at(2));
    peer_expect(ann, "7", at(3));
    const struct arrival *first = peer_next(ann);
    const struct arrival *second = peer_next(ann);
    assert_non_null(first);
    assert_non_null(second);
    assert_true(arrival_is_of(first, "7") ? first->moment.number == 4 : first->moment.number == 5);
    peer_expect_nothing_more(ann);
    assert_true(ann->sealed[ann->sealed_count - 1].is_snapshot);
    world_publish(w, "7", at(6));
    peer_expect(ann, "7", at(6));
}
