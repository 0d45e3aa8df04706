/* A follower that is held, while its owner says something that belongs before the live stream. */
#include <stdio.h>

#include "tests/lib/world_test.h"

#define HOLD_BYTES 8192
#define HOLD_ALL_BYTES (4 * HOLD_BYTES)

static struct world *world_that_holds(void **state)
{
    struct hub_options options = world_usual();
    options.lag_bytes = 100;
    options.hold_bytes = HOLD_BYTES;
    options.hold_all_bytes = HOLD_ALL_BYTES;
    return world_like(state, options);
}

static void release(struct peer *peer)
{
    hub_release(peer->world->hub, &peer->follower, peer->world->now_ms);
}

TEST(who_is_held_gets_all_of_that_time_when_released_however_long_it_took)
{
    struct world *w = world_that_holds(state);
    struct peer *ann = world_join(w, &dialect_packed);
    hub_hold(&ann->follower, true);
    peer_follow(ann, "7 8");
    for (int i = 1; i <= 50; i++) {
        world_publish(w, i % 2 == 0 ? "7" : "8", at(i));
        world_advance(w, 1000);
        world_expire(w, 10);
    }
    peer_expect_nothing_more(ann);
    release(ann);
    for (int i = 1; i <= 50; i++)
        peer_expect(ann, i % 2 == 0 ? "7" : "8", at(i));
    world_publish(w, "7", at(51));
    peer_expect(ann, "7", at(51));
    assert_int_equal(hub_superseded(&ann->follower), 0);
}

TEST(a_socket_that_has_room_releases_nobody)
{
    struct world *w = world_that_holds(state);
    struct peer *ann = world_follow(w, "7");
    peer_block(ann);
    world_publish(w, "7", at(1));
    hub_hold(&ann->follower, true);
    peer_unblock(ann);
    peer_expect_nothing_more(ann);
    release(ann);
    peer_expect(ann, "7", at(1));
}

TEST(the_others_of_its_audience_are_not_held)
{
    struct world *w = world_that_holds(state);
    struct peer *ann = world_follow(w, "7");
    struct peer *bob = world_follow(w, "7");
    hub_hold(&ann->follower, true);
    world_publish(w, "7", at(1));
    peer_expect(bob, "7", at(1));
    peer_expect_nothing_more(ann);
    release(ann);
    peer_expect(ann, "7", at(1));
    peer_expect_nothing_more(bob);
}

TEST(what_it_followed_before_is_handed_over_when_its_set_grows_and_comes_first)
{
    struct world *w = world_that_holds(state);
    struct peer *ann = world_follow(w, "7");
    world_receive(w, "7", at(1));
    hub_hold(&ann->follower, true);
    peer_follow(ann, "8");
    peer_drain(ann, 1000);
    peer_expect(ann, "7", at(1));
    world_publish(w, "8", at(2));
    peer_expect_nothing_more(ann);
    release(ann);
    peer_expect(ann, "8", at(2));
}

TEST(over_its_bytes_it_falls_behind_as_any_and_that_is_counted)
{
    struct world *w = world_that_holds(state);
    struct peer *ann = world_follow(w, "7");
    hub_hold(&ann->follower, true);
    for (int i = 1; i <= 1000; i++)
        world_publish(w, "7", at(i));
    assert_true(ann->follower.behind);
    release(ann);
    peer_expect(ann, "7", at(1000));
    peer_expect_nothing_more(ann);
    assert_int_equal(hub_superseded(&ann->follower), 999);
}

/* Who follows a runner of its own shares no bytes with anybody. */
TEST(all_who_are_held_have_a_bound_together_and_who_is_over_it_is_told_what_it_did_not_get)
{
    struct world *w = world_that_holds(state);
    struct peer *peers[20];
    char id[16];
    for (int i = 0; i < 20; i++) {
        snprintf(id, sizeof id, "r%d", i);
        peers[i] = world_follow(w, id);
        hub_hold(&peers[i]->follower, true);
    }
    for (int n = 1; n <= 100; n++) {
        for (int i = 0; i < 20; i++) {
            snprintf(id, sizeof id, "r%d", i);
            world_publish(w, id, at(n));
        }
        assert_true(hub_stats(w->hub).queued_bytes <= HOLD_ALL_BYTES + HOLD_BYTES);
    }
    uint64_t delivered = 0;
    uint64_t superseded = 0;
    for (int i = 0; i < 20; i++) {
        release(peers[i]);
        delivered += peers[i]->arrival_count;
        superseded += hub_superseded(&peers[i]->follower);
    }
    assert_true(superseded > 0);
    assert_int_equal(delivered + superseded, 20 * 100);
}

TEST(once_it_has_caught_up_its_patience_is_that_of_all)
{
    struct world *w = world_that_holds(state);
    struct peer *ann = world_follow(w, "7");
    hub_hold(&ann->follower, true);
    world_publish(w, "7", at(1));
    release(ann);
    peer_expect(ann, "7", at(1));
    peer_block(ann);
    for (int i = 2; i <= 20; i++)
        world_publish(w, "7", at(i));
    assert_true(ann->follower.behind);
}

TEST(a_snapshot_that_is_owed_to_one_who_is_held_comes_when_released)
{
    struct world *w = world_that_holds(state);
    world_publish(w, "7", at(1));
    struct peer *ann = world_join(w, &dialect_packed);
    hub_hold(&ann->follower, true);
    peer_follow(ann, "7");
    assert_int_equal(hub_owe_snapshot(w->hub, &ann->follower, w->now_ms), 0);
    assert_int_equal(ann->sealed_count, 0);
    release(ann);
    peer_expect(ann, "7", at(1));
    assert_true(ann->sealed[0].is_snapshot);
}

TEST(who_follows_nothing_may_be_held_and_released)
{
    struct world *w = world_that_holds(state);
    struct peer *ann = world_join(w, &dialect_compact);
    hub_hold(&ann->follower, true);
    release(ann);
    peer_follow(ann, "7");
    world_publish(w, "7", at(1));
    peer_expect(ann, "7", at(1));
}

TEST(it_is_known_whom_it_follows)
{
    struct world *w = *state;
    struct peer *ann = world_follow(w, "7");
    world_publish(w, "8", at(1));
    struct runner_id ids[] = {runner_id_of("7"), runner_id_of("8"), runner_id_of("9")};
    assert_true(hub_follows(w->hub, &ann->follower, &ids[0]));
    assert_false(hub_follows(w->hub, &ann->follower, &ids[1]));
    assert_false(hub_follows(w->hub, &ann->follower, &ids[2]));
}
