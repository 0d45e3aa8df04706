/* A runner that is erased: nobody is told, and who follows goes on following. */
#include "tests/lib/world_test.h"

static struct runner_id id_of(const char *text)
{
    struct runner_id id;
    assert_int_equal(runner_id_set(&id, span_of_text(text)), 0);
    return id;
}

TEST(a_runner_that_is_forgotten_has_no_position_until_the_next)
{
    struct world *w = *state;
    struct runner_id seven = id_of("7");
    struct position position;
    struct peer *ann = world_follow(w, "7 8");
    world_publish(w, "7", at(5));
    peer_expect(ann, "7", at(5));
    hub_forget(w->hub, &seven);
    assert_false(hub_newest(w->hub, &seven, &position));
    assert_int_equal(hub_status(w->hub, &seven), RUNNER_LIVE);
    peer_expect_nothing_more(ann);
    world_publish(w, "7", at(3)); /* older than what was forgotten */
    peer_expect(ann, "7", at(3));
    peer_expect_nothing_more(ann);
}

TEST(whom_nobody_follows_is_gone_when_he_is_forgotten)
{
    struct world *w = *state;
    struct runner_id seven = id_of("7");
    world_publish(w, "7", at(1));
    assert_int_equal(hub_stats(w->hub).runners, 1);
    hub_forget(w->hub, &seven);
    hub_forget(w->hub, &seven);
    assert_int_equal(hub_stats(w->hub).runners, 0);
}
