/* How many bad tokens an address may show. */
#include "app/failed_tokens.h"

#include "tests/lib/test.h"

static struct ip key(const char *text)
{
    struct ip ip;
    assert_int_equal(ip_parse(span_of_text(text), &ip), 0);
    return ip;
}

static void show_bad(struct failed_tokens *failed, const char *address, int count)
{
    for (int i = 0; i < count; i++)
        failed_tokens_add(failed, key(address), 1000);
}

/* The i-th of many addresses, none of which is in the other tests. */
static struct ip many(uint32_t i)
{
    const uint8_t bytes[4] = {10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
    return ip_of_v4(bytes);
}

static void bring_over(struct failed_tokens *failed, struct ip address)
{
    while (!failed_tokens_is_over(failed, address, 1000))
        failed_tokens_add(failed, address, 1000);
}

static uint32_t count_over(struct failed_tokens *failed, uint32_t first, uint32_t count)
{
    uint32_t over = 0;
    for (uint32_t i = first; i < first + count; i++)
        over += failed_tokens_is_over(failed, many(i), 1000);
    return over;
}

/* Any two may meet in a place, but hardly several with one. */
static bool others_may_go_on(struct failed_tokens *failed)
{
    return count_over(failed, 0, 5) < 3;
}

TEST(an_address_that_shows_too_many_bad_ones_is_over_its_budget_and_others_are_not)
{
    struct failed_tokens *failed = failed_tokens_new(3);
    show_bad(failed, "192.0.2.1", 2);
    assert_false(failed_tokens_is_over(failed, key("192.0.2.1"), 1000));
    show_bad(failed, "192.0.2.1", 1);
    assert_true(failed_tokens_is_over(failed, key("192.0.2.1"), 1000));
    assert_true(others_may_go_on(failed));
    failed_tokens_free(&failed);
}

TEST(its_budget_comes_back)
{
    struct failed_tokens *failed = failed_tokens_new(3);
    show_bad(failed, "192.0.2.1", 3);
    assert_true(failed_tokens_is_over(failed, key("192.0.2.1"), 1300));
    assert_false(failed_tokens_is_over(failed, key("192.0.2.1"), 1400));
    failed_tokens_free(&failed);
}

TEST(addresses_of_one_ipv6_network_share_a_budget)
{
    struct failed_tokens *failed = failed_tokens_new(3);
    show_bad(failed, "2001:db8:1:2::1", 3);
    assert_true(failed_tokens_is_over(failed, key("2001:db8:1:2::99"), 1000));
    assert_true(others_may_go_on(failed));
    failed_tokens_free(&failed);
}

TEST(who_goes_on_at_ten_times_the_budget_is_shunned_for_a_moment)
{
    struct failed_tokens *failed = failed_tokens_new(3);
    show_bad(failed, "192.0.2.1", 3);
    for (int i = 0; i < 29; i++)
        failed_tokens_add_unseen(failed, key("192.0.2.1"), 1000);
    assert_false(failed_tokens_is_shunned(failed, key("192.0.2.1"), 1000));
    failed_tokens_add_unseen(failed, key("192.0.2.1"), 1000);
    assert_true(failed_tokens_is_shunned(failed, key("192.0.2.1"), 1000));
    assert_false(failed_tokens_is_shunned(failed, many(0), 1000) &&
                 failed_tokens_is_shunned(failed, many(1), 1000));
    assert_false(failed_tokens_is_shunned(failed, key("192.0.2.1"), 1040));
    failed_tokens_free(&failed);
}

TEST(addresses_that_meet_in_a_place_have_one_budget_and_no_other_is_concerned)
{
    struct failed_tokens *failed = failed_tokens_new(3);
    uint32_t meets = 1;
    bring_over(failed, many(0));
    while (!failed_tokens_is_over(failed, many(meets), 1000))
        assert_true(++meets < 1000000);
    uint32_t over = count_over(failed, 0, 1000000);
    assert_in_range(over, 2, 200); /* a million over 16,384 places: 61 in each, or so */
    assert_false(failed_tokens_is_over(failed, many(meets), 1400));
    failed_tokens_free(&failed);
}

TEST(nobody_is_put_out_of_the_table_by_however_many_others)
{
    struct failed_tokens *failed = failed_tokens_new(100);
    bring_over(failed, key("192.0.2.1"));
    for (uint32_t i = 0; i < 100000; i++)
        failed_tokens_add(failed, many(i), 1000);
    assert_true(failed_tokens_is_over(failed, key("192.0.2.1"), 1000));
    failed_tokens_free(&failed);
}

TEST(bad_tokens_from_many_addresses_concern_as_many_places_as_they_can_bring_over_the_budget)
{
    struct failed_tokens *failed = failed_tokens_new(100);
    for (uint32_t i = 0; i < 10000; i++)
        failed_tokens_add(failed, many(i), 1000);
    assert_int_equal(count_over(failed, 0, 20000), 0);
    for (uint32_t i = 0; i < 164; i++)
        bring_over(failed, many(i));
    assert_in_range(count_over(failed, 10000, 100000), 500, 1500); /* 164 of 16,384: 1 % */
    failed_tokens_free(&failed);
}

TEST(without_a_limit_nobody_is_over_it)
{
    struct failed_tokens *failed = failed_tokens_new(0);
    show_bad(failed, "192.0.2.1", 1000);
    failed_tokens_add_unseen(failed, key("192.0.2.1"), 1000);
    assert_false(failed_tokens_is_shunned(failed, key("192.0.2.1"), 1000));
    assert_false(failed_tokens_is_over(failed, key("192.0.2.1"), 1000));
    failed_tokens_free(&failed);
}
