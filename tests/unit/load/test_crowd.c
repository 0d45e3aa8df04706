#include "bench/load/crowd.h"

#include "tests/lib/test.h"

static struct crowd *draw(const char *how, uint32_t followers, uint32_t runners, uint32_t follow)
{
    struct load_options options = {
        .followers = followers, .runners = runners, .follow = follow, .draw = how, .seed = 1};
    return crowd_new(&options);
}

/* Each set ascends, so that nobody is followed twice; and each of it is found at its place, and no other. */
static void expect_sets(const struct crowd *crowd)
{
    for (uint32_t follower = 0; follower < crowd->followers; follower++) {
        const uint32_t *set = crowd_set(crowd, follower);
        uint32_t found = 0;
        for (uint32_t i = 0; i < crowd->follow; i++) {
            assert_true(set[i] < crowd->runners && (i == 0 || set[i - 1] < set[i]));
            assert_int_equal(crowd_find(crowd, follower, set[i]), i);
        }
        for (uint32_t runner = 0; runner < crowd->runners; runner++)
            found += crowd_find(crowd, follower, runner) != crowd->follow;
        assert_int_equal(found, crowd->follow);
    }
}

TEST(each_draw_gives_sets_of_the_size_asked_for)
{
    static const char *const hows[] = {"same", "next", "random", "star"};
    for (size_t i = 0; i < sizeof hows / sizeof hows[0]; i++) {
        struct crowd *crowd = draw(hows[i], 50, 50, 5);
        expect_sets(crowd);
        crowd_free(&crowd);
    }
}

TEST(everybody_may_follow_everybody)
{
    static const char *const hows[] = {"same", "next", "random", "star"};
    for (size_t i = 0; i < sizeof hows / sizeof hows[0]; i++) {
        struct crowd *crowd = draw(hows[i], 3, 7, 7);
        expect_sets(crowd);
        crowd_free(&crowd);
    }
}

TEST(who_follows_the_next_follows_itself_too)
{
    struct crowd *crowd = draw("next", 10, 10, 2);
    assert_int_equal(crowd_find(crowd, 3, 3), 0);
    assert_int_equal(crowd_find(crowd, 3, 4), 1);
    assert_int_equal(crowd_find(crowd, 9, 0), 0); /* round the end */
    assert_int_equal(crowd_find(crowd, 9, 9), 1);
    crowd_free(&crowd);
}

TEST(all_of_a_star_follow_its_centre)
{
    struct crowd *crowd = draw("star", 50, 50, 2);
    for (uint32_t i = 0; i < 50; i++)
        assert_int_equal(crowd_set(crowd, i)[0], 0);
    crowd_free(&crowd);
}

TEST(the_same_seed_draws_the_same)
{
    struct crowd *one = draw("random", 50, 1000, 5);
    struct crowd *other = draw("random", 50, 1000, 5);
    assert_memory_equal(one->sets, other->sets, 50 * 5 * sizeof *one->sets);
    crowd_free(&one);
    crowd_free(&other);
}

TEST(a_draw_that_is_not_known_is_refused)
{
    assert_null(draw("nobody", 1, 1, 1));
}
