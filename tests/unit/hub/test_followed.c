/* Who is told when a runner has followers, and when it has none any more. */
#include <string.h>

#include "tests/lib/world_test.h"

static int followed_7;
static int changes_7;

static void count(void *context, const struct runner_id *id, bool is_followed)
{
    assert_ptr_equal(context, &followed_7);
    if (id->len != 1 || id->text[0] != '7')
        return;
    followed_7 += is_followed ? 1 : -1;
    changes_7++;
}

static struct world *world_that_counts(void **state)
{
    struct hub_options options = world_usual();
    followed_7 = changes_7 = 0;
    options.on_followed = count;
    options.context = &followed_7;
    return world_like(state, options);
}

TEST(the_first_follower_of_a_runner_and_the_last_are_told_and_none_between)
{
    struct world *w = world_that_counts(state);
    struct peer *ann = world_follow(w, "7");
    assert_int_equal(followed_7, 1);
    struct peer *bob = world_follow(w, "7 8");
    world_publish(w, "7", at(1));
    assert_int_equal(changes_7, 1);
    peer_leave(ann);
    assert_int_equal(followed_7, 1);
    peer_leave(bob);
    assert_int_equal(followed_7, 0);
}

TEST(who_follows_more_goes_on_following_the_runner)
{
    struct world *w = world_that_counts(state);
    struct peer *ann = world_follow(w, "7");
    assert_int_equal(peer_try_follow(ann, "8", (struct hub_follow){0}), 0);
    assert_int_equal(followed_7, 1);
    peer_leave(ann);
    assert_int_equal(followed_7, 0);
}

TEST(a_position_alone_is_nobodys_interest)
{
    struct world *w = world_that_counts(state);
    world_publish(w, "7", at(1));
    assert_int_equal(changes_7, 0);
}
