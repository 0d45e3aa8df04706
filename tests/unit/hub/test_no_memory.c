/* The n-th allocation of each call fails: it says so or manages without, and the hub goes on. */
#include <stdio.h>

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/world_test.h"

/* More allocations than any call here makes; later ones fail nowhere. */
#define ALLOCATIONS 40

/* Ann and Ben follow 7 and 8 in two dialects, Cid blocks; all have lag and something pending. */
struct scene {
    struct world *w;
    struct peer *ann;
    struct peer *ben;
    struct peer *cid;
};

static struct scene make_scene(void **state)
{
    struct hub_options options = world_usual();
    options.lag_bytes = 2 * frame_bytes(&dialect_compact, "7");
    struct scene s = {.w = world_like(state, options)};
    s.ann = world_follow(s.w, "7 8");
    s.ben = world_join(s.w, &dialect_bulky);
    peer_follow(s.ben, "7 8");
    s.cid = world_follow(s.w, "7 8");
    world_publish(s.w, "9", at(1));
    peer_block(s.cid);
    world_publish(s.w, "7", at(1));
    return s;
}

/* Whatever failed before, from here on all is as ever. */
static void expect_all_is_well(struct scene s)
{
    mem_fail_after(-1);
    peer_unblock(s.cid);
    while (peer_next(s.ann) != NULL || peer_next(s.ben) != NULL || peer_next(s.cid) != NULL)
        continue;
    world_publish(s.w, "7", at(101));
    world_publish(s.w, "8", at(102));
    struct peer *all[] = {s.ann, s.ben, s.cid};
    for (int i = 0; i < 3; i++) {
        peer_expect(all[i], "7", at(101));
        peer_expect(all[i], "8", at(102));
        peer_expect_nothing_more(all[i]);
    }
    assert_int_equal(hub_stats(s.w->hub).queued_bytes, 0);
    assert_int_equal(hub_stats(s.w->hub).behind, 0);
}

TEST(a_publish_without_memory_is_refused_whole)
{
    for (long n = 0; n < ALLOCATIONS; n++) {
        struct scene s = make_scene(state);
        struct hub_stats before = hub_stats(s.w->hub);
        expect_all_is_well(s);

        mem_fail_after(n);
        int err = world_receive(s.w, "7", at(200));
        mem_fail_after(-1);
        assert_true(err == 0 || err == ERR_NO_MEMORY);
        world_turn(s.w);

        struct peer *all[] = {s.ann, s.ben, s.cid};
        for (int i = 0; i < 3; i++) {
            if (err == 0)
                peer_expect(all[i], "7", at(200));
            peer_expect_nothing_more(all[i]);
        }
        assert_int_equal(hub_stats(s.w->hub).received, before.received + 2 + (err == 0));
    }
}

TEST(a_publish_of_a_new_runner_without_memory_leaves_no_runner)
{
    for (long n = 0; n < ALLOCATIONS; n++) {
        struct world *w = world_like(state, world_usual());
        mem_fail_after(n);
        int err = world_receive(w, "7", at(1));
        mem_fail_after(-1);
        assert_true(err == 0 || err == ERR_NO_MEMORY);
        assert_int_equal(hub_stats(w->hub).runners, err == 0);
    }
}

TEST(a_publish_whose_batch_must_grow_without_memory_is_refused_whole)
{
    for (long n = 0; n < ALLOCATIONS; n++) {
        struct world *w = world_like(state, world_usual());
        struct peer *ann = world_follow(w, "7");
        for (int i = 1; i <= ALLOCATIONS; i++) {
            mem_fail_after(i == n ? 0 : -1);
            int err = world_receive(w, "7", at(i));
            mem_fail_after(-1);
            if (err == ERR_NO_MEMORY)
                assert_int_equal(world_receive(w, "7", at(i)), 0);
        }
        world_turn(w);
        for (int i = 1; i <= ALLOCATIONS; i++)
            peer_expect(ann, "7", at(i));
        peer_expect_nothing_more(ann);
    }
}

/* Follow with the n-th allocation failing: either done, or as before. */
static void try_follow_at(struct scene s, struct peer *peer, bool snapshot, long n)
{
    struct hub_stats before = hub_stats(s.w->hub);
    size_t followed = hub_following(&peer->follower);
    mem_fail_after(n);
    int err = peer_try_follow(peer, "9 10 11 12", (struct hub_follow){.snapshot = snapshot});
    mem_fail_after(-1);
    assert_true(err == 0 || err == ERR_NO_MEMORY);
    struct hub_stats after = hub_stats(s.w->hub);
    if (err == 0) {
        assert_int_equal(hub_following(&peer->follower), followed + 4);
        return;
    }
    assert_int_equal(hub_following(&peer->follower), followed);
    assert_int_equal(after.followers, before.followers);
    assert_int_equal(after.audiences, before.audiences);
    assert_int_equal(after.runners, before.runners);
    assert_int_equal(after.behind, before.behind);
}

TEST(a_follow_without_memory_changes_nothing)
{
    for (long n = 0; n < 2 * ALLOCATIONS; n++) {
        struct scene s = make_scene(state);
        struct peer *peers[] = {s.ann, s.ben, s.cid, world_join(s.w, &dialect_compact)};
        for (int i = 0; i < 4; i++)
            try_follow_at(s, peers[i], n % 2 == 0, n / 2);
        expect_all_is_well(s);
    }
}

TEST(a_follow_of_one_that_is_behind_without_memory_changes_nothing)
{
    for (long n = 0; n < 2 * ALLOCATIONS; n++) {
        struct scene s = make_scene(state);
        for (int i = 2; i < 10; i++)
            world_publish(s.w, i % 2 == 0 ? "7" : "8", at(i));
        peer_drain(s.cid, 10);
        assert_true(s.cid->follower.behind);
        try_follow_at(s, s.cid, n % 2 == 0, n / 2);
        expect_all_is_well(s);
    }
}

TEST(a_flush_without_memory_loses_nothing_of_those_who_keep_up)
{
    for (long n = 0; n < ALLOCATIONS; n++) {
        struct scene s = make_scene(state);
        world_receive(s.w, "8", at(2));
        world_receive(s.w, "7", at(3));
        mem_fail_after(n);
        world_turn(s.w);
        mem_fail_after(-1);
        world_turn(s.w);
        for (int i = 0; i < 2; i++) {
            struct peer *peer = i == 0 ? s.ann : s.ben;
            peer_expect(peer, "7", at(1));
            peer_expect(peer, "8", at(2));
            peer_expect(peer, "7", at(3));
            peer_expect_nothing_more(peer);
        }
        expect_all_is_well(s);
    }
}

TEST(catching_up_without_memory_ends_with_the_newest_of_each)
{
    for (long n = 0; n < ALLOCATIONS; n++) {
        struct scene s = make_scene(state);
        for (int i = 2; i < 10; i++)
            world_publish(s.w, i % 2 == 0 ? "7" : "8", at(i));
        mem_fail_after(n);
        peer_drain(s.cid, 10);
        mem_fail_after(-1);
        world_publish(s.w, "7", at(10));
        mem_fail_after(n);
        peer_drain(s.cid, frame_bytes(&dialect_compact, "7"));
        mem_fail_after(-1);
        peer_unblock(s.cid);

        int64_t newest[2] = {0, 0};
        for (const struct arrival *it; (it = peer_next(s.cid)) != NULL;) {
            int64_t *of = &newest[it->runner.text[0] - '7'];
            assert_true(it->moment.number >= *of);
            *of = it->moment.number;
        }
        assert_int_equal(newest[0], 10);
        assert_int_equal(newest[1], 9);
        expect_all_is_well(s);
    }
}

TEST(leaving_needs_no_memory)
{
    struct scene s = make_scene(state);
    mem_fail_after(0);
    peer_leave(s.ann);
    peer_leave(s.cid);
    peer_leave(s.ben);
    mem_fail_after(-1);
    world_turn(s.w);
    assert_int_equal(hub_stats(s.w->hub).audiences, 0);
    assert_int_equal(hub_stats(s.w->hub).queued_bytes, 0);
}
