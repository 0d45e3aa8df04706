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

TEST(an_address_that_shows_too_many_bad_ones_is_over_its_budget_and_others_are_not)
{
    struct failed_tokens *failed = failed_tokens_new(3);
    show_bad(failed, "192.0.2.1", 2);
    assert_false(failed_tokens_is_over(failed, key("192.0.2.1"), 1000));
    show_bad(failed, "192.0.2.1", 1);
    assert_true(failed_tokens_is_over(failed, key("192.0.2.1"), 1000));
    assert_false(failed_tokens_is_over(failed, key("192.0.2.2"), 1000));
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
    assert_false(failed_tokens_is_over(failed, key("2001:db8:1:3::1"), 1000));
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
    assert_false(failed_tokens_is_shunned(failed, key("192.0.2.2"), 1000));
    assert_false(failed_tokens_is_shunned(failed, key("192.0.2.1"), 1040));
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
