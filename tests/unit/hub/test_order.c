/* Positions of one runner that came by way of several shards, in whatever order: all agree on the newest. */
#include "base/err.h"
#include "tests/lib/test.h"
#include "tests/lib/world.h"

static struct position arrival(int64_t time_ms, uint16_t rest_us, uint16_t origin,
                               uint64_t sequence)
{
    return (struct position){
        .runner = runner_id_of("7"),
        .time_is_arrival = true,
        .time_ms = time_ms,
        .time_rest_us = rest_us,
        .origin = origin,
        .sequence = sequence,
        .lat = {.is_integer = true, .integer = time_ms},
        .lng = {.is_integer = true, .integer = origin},
    };
}

/* What a shard thinks the newest is that gets `first`, then `second`. */
static struct position newest_of(const struct position *first, const struct position *second)
{
    struct hub_options options = {.flush_sends = 1};
    struct hub *hub = hub_new(&options);
    struct runner_id id = runner_id_of("7");
    struct position newest = {.sequence = 0};
    assert_int_equal(hub_publish(hub, first, 1), 0);
    assert_in_range(hub_publish(hub, second, 1), 0, HUB_LATE);
    assert_true(hub_newest(hub, &id, &newest));
    hub_free(&hub);
    return newest;
}

static void expect_newer(struct position newer, struct position older)
{
    struct position one = newest_of(&older, &newer);
    struct position other = newest_of(&newer, &older);
    assert_int_equal(one.sequence, newer.sequence);
    assert_int_equal(other.sequence, newer.sequence);
}

TEST(the_later_arrival_is_the_newer_on_whichever_shard)
{
    expect_newer(arrival(1001, 0, 0, 1), arrival(1000, 999, 1, 2));
    expect_newer(arrival(1000, 7, 0, 1), arrival(1000, 6, 1, 2));
}

TEST(arrivals_that_no_clock_tells_apart_have_an_order_too)
{
    expect_newer(arrival(1000, 7, 1, 1), arrival(1000, 7, 0, 2));
}

TEST(of_one_shard_the_later_published_is_the_newer)
{
    struct position first = arrival(1000, 7, 1, 1);
    struct position second = arrival(1000, 7, 1, 2);
    assert_int_equal(newest_of(&first, &second).sequence, 2);
}

/* --- fix times of devices ------------------------------------------------------------------------------------------- */

static struct position fix(int64_t time_ms, uint16_t origin)
{
    struct position position = arrival(time_ms, 0, origin, origin + 1U);
    position.time_is_arrival = false;
    return position;
}

/* What the shard `here` makes of `second`, behind `first`. */
static int publish_second(uint16_t here, struct position first, struct position second)
{
    struct hub_options options = {.flush_sends = 1, .origin = here};
    struct hub *hub = hub_new(&options);
    assert_int_equal(hub_publish(hub, &first, 1), 0);
    int result = hub_publish(hub, &second, 1);
    hub_free(&hub);
    return result;
}

TEST(of_two_fixes_of_one_time_that_shards_accepted_at_once_all_shards_take_the_same)
{
    struct position lesser = fix(1000, 1);
    struct position greater = fix(1000, 2);
    for (uint16_t here = 0; here <= 1; here++)
        assert_int_equal(publish_second(here, lesser, greater), 0);
    assert_int_equal(publish_second(0, greater, lesser), HUB_DUPLICATE);
    assert_int_equal(publish_second(2, greater, lesser), HUB_DUPLICATE);
}

TEST(a_fix_that_is_known_from_another_shard_is_a_duplicate_where_a_session_repeats_it)
{
    assert_int_equal(publish_second(2, fix(1000, 1), fix(1000, 2)), HUB_DUPLICATE);
    assert_int_equal(publish_second(0, fix(1000, 1), fix(1000, 0)), HUB_DUPLICATE);
}

TEST(a_fix_of_the_millisecond_of_an_arrival_is_no_duplicate_of_it)
{
    assert_int_equal(publish_second(0, arrival(1000, 7, 0, 1), fix(1000, 0)), HUB_LATE);
}

/* --- every order ---------------------------------------------------------------------------------------------------- */

#define ORIGINS 3
#define OF_EACH 2
#define ALL (ORIGINS * OF_EACH)
#define CODES (3 * 3 * 3 * 3 * 3 * 3)

/* The `nth` of an origin. With their origin and number they are in the order of time, from 1 to ALL; some are of one microsecond. */
static struct position numbered(uint16_t origin, unsigned nth)
{
    static const uint16_t rests_us[ORIGINS][OF_EACH] = {{100, 700}, {100, 600}, {500, 600}};
    static const int64_t numbers[ORIGINS][OF_EACH] = {{1, 6}, {2, 4}, {3, 5}};
    struct position position = arrival(1000, rests_us[origin][nth], origin, nth + 1);
    position.lat.integer = numbers[origin][nth];
    return position;
}

/* Whose turn it is, digit by digit: false when that is no order in which all of each origin's come. */
static bool choose_order(unsigned code, uint16_t *order)
{
    unsigned taken[ORIGINS] = {0};
    for (int i = 0; i < ALL; i++, code /= ORIGINS) {
        order[i] = (uint16_t)(code % ORIGINS);
        if (++taken[order[i]] > OF_EACH)
            return false;
    }
    return true;
}

/* The newest only goes forward, and ends with the last. */
static void publish_in_order(const uint16_t *order)
{
    struct hub_options options = {.flush_sends = 1};
    struct hub *hub = hub_new(&options);
    struct runner_id id = runner_id_of("7");
    struct position newest = {.lat.integer = 0};
    unsigned taken[ORIGINS] = {0};
    for (int i = 0; i < ALL; i++) {
        int64_t before = newest.lat.integer;
        struct position position = numbered(order[i], taken[order[i]]++);
        bool is_newer = position.lat.integer > before;
        assert_int_equal(hub_publish(hub, &position, 1), is_newer ? 0 : HUB_LATE);
        assert_true(hub_newest(hub, &id, &newest));
        assert_int_equal(newest.lat.integer, is_newer ? position.lat.integer : before);
    }
    assert_int_equal(newest.lat.integer, ALL);
    hub_free(&hub);
}

TEST(in_whatever_order_the_mails_of_shards_come_the_newest_goes_forward_to_the_same_one)
{
    uint16_t order[ALL];
    int orders = 0;
    (void)state;
    for (unsigned code = 0; code < CODES; code++) {
        if (!choose_order(code, order))
            continue;
        publish_in_order(order);
        orders++;
    }
    assert_int_equal(orders, 90);
}
