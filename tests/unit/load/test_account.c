#include "bench/load/account.h"

#include "tests/lib/test.h"

/* Three followers of runners 0 and 1, of three; follower 2 has stopped reading. */
static const struct load_options options = {
    .followers = 3, .runners = 3, .follow = 2, .draw = "same"};
static struct crowd *crowd;
static struct account *account;

static int begin(void **state)
{
    (void)state;
    crowd = crowd_new(&options);
    account = account_new(crowd, false);
    account_exclude(account, 2);
    return 0;
}

static int end(void **state)
{
    (void)state;
    account_free(&account);
    crowd_free(&crowd);
    return 0;
}

TEST_SETUP(begin);
TEST_TEARDOWN(end);

static struct stamp send(uint32_t runner)
{
    return account_send(account, runner, 1000);
}

static void receive(uint32_t follower, struct stamp stamp)
{
    account_receive(account, follower, &stamp, 3000);
}

TEST(a_copy_for_each_follower_that_reads_is_expected)
{
    account_begin(account);
    struct stamp stamp = send(1);
    assert_int_equal(account_totals(account).expected, 2);
    receive(0, stamp);
    assert_false(account_is_complete(account));
    receive(1, stamp);
    assert_true(account_is_complete(account));
    assert_int_equal(account_totals(account).stale, 0);
    assert_int_equal(latency_quantile_us(account_latency(account), 0.5), 2000);
}

TEST(what_nobody_follows_is_expected_by_nobody)
{
    account_begin(account);
    receive(0, send(2));
    struct account_totals totals = account_totals(account);
    assert_int_equal(totals.sent, 1);
    assert_int_equal(totals.expected, 0);
    assert_int_equal(totals.misdelivered, 1);
}

TEST(what_was_sent_before_the_count_is_not_counted_whenever_it_comes)
{
    struct stamp early = send(0);
    account_begin(account);
    struct stamp stamp = send(0);
    receive(0, early);
    receive(0, stamp);
    struct account_totals totals = account_totals(account);
    assert_int_equal(totals.expected, 2);
    assert_int_equal(totals.delivered, 1);
}

TEST(a_second_copy_does_not_hide_a_missing_one)
{
    account_begin(account);
    struct stamp stamp = send(0);
    receive(0, stamp);
    receive(0, stamp);
    struct account_totals totals = account_totals(account);
    assert_int_equal(totals.delivered, 1);
    assert_int_equal(totals.duplicates, 1);
    assert_false(account_is_complete(account));
}

TEST(a_copy_behind_a_newer_one_is_delivered_and_told)
{
    account_begin(account);
    struct stamp first = send(0);
    struct stamp second = send(0);
    receive(0, second);
    receive(0, first);
    receive(0, first);
    struct account_totals totals = account_totals(account);
    assert_int_equal(totals.delivered, 2);
    assert_int_equal(totals.reordered, 1);
    assert_int_equal(totals.duplicates, 1);
}

TEST(a_copy_far_behind_is_too_old_to_be_told_from_a_second_one)
{
    account_begin(account);
    struct stamp first = send(0);
    for (int i = 0; i < 40; i++)
        receive(0, send(0));
    receive(0, first);
    struct account_totals totals = account_totals(account);
    assert_int_equal(totals.too_old, 1);
    assert_int_equal(totals.delivered, 40);
}

TEST(a_follower_that_lacks_the_newest_is_stale)
{
    account_begin(account);
    struct stamp first = send(0);
    struct stamp second = send(0);
    receive(0, first);
    receive(1, second);
    struct account_totals totals = account_totals(account);
    assert_int_equal(totals.pairs, 2);
    assert_int_equal(totals.stale, 1);
}

TEST(what_was_never_sent_is_foreign)
{
    account_begin(account);
    struct stamp stamp = send(0);
    receive(0, (struct stamp){0, stamp.sequence + 1, stamp.sent_us});
    receive(0, (struct stamp){0, stamp.sequence, stamp.sent_us + 1});
    receive(0, (struct stamp){3, stamp.sequence, stamp.sent_us});
    assert_int_equal(account_totals(account).foreign, 3);
    assert_int_equal(account_totals(account).delivered, 0);
}

TEST(who_has_stopped_reading_is_not_counted_when_he_reads_after_all)
{
    account_begin(account);
    receive(2, send(0));
    assert_int_equal(account_totals(account).delivered, 0);
}

TEST(of_a_star_the_last_copy_of_each_position_is_kept)
{
    account_free(&account);
    account = account_new(crowd, true);
    account_begin(account);
    struct stamp stamp = send(0);
    account_receive(account, 0, &stamp, 1500);
    account_receive(account, 1, &stamp, 4000);
    account_receive(account, 2, &stamp, 2000);
    assert_int_equal(account_star_last(account)->total, 1);
    assert_int_equal(account_star_last(account)->max_us, 3000);
    assert_int_equal(account_star_latency(account)->total, 3);
    assert_int_equal(account_latency(account)->total, 0);
}
