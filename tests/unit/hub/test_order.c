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
