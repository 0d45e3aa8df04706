#include "cli/ledger.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/test.h"

/* Ten users, each follows itself and the next. Runner 5 publishes; users 4 and 5 must get it. */
static struct ledger *ledger;
static struct ledger_place sent[300];

static int begin(void **state)
{
    (void)state;
    ledger = ledger_new(10, 2);
    return ledger == NULL;
}

static int end(void **state)
{
    (void)state;
    ledger_free(&ledger);
    return 0;
}

TEST_SETUP(begin);
TEST_TEARDOWN(end);

static void publish(uint32_t runner, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        sent[i] = ledger_stamp(ledger, runner, (struct ledger_place){48.8568, 2.2927});
        assert_int_equal(ledger_publish(ledger, runner, sent[i], 1000 + i), 0);
    }
}

static enum ledger_verdict receive(uint32_t user, uint32_t runner, struct ledger_place place)
{
    uint64_t published_us;
    struct ledger_receipt receipt = {.user = user, .runner = runner, .place = place};
    return ledger_receive(ledger, &receipt, &published_us);
}

static enum ledger_verdict user_4_gets(uint32_t number)
{
    return receive(4, 5, sent[number]);
}

TEST(who_follows_is_who_must_get_it)
{
    publish(5, 1);
    assert_int_equal(ledger_totals(ledger).expected, 2);
    publish(0, 1);
    assert_int_equal(ledger_totals(ledger).expected, 3); /* nobody comes before user 0 */
    publish(9, 1);
    assert_int_equal(ledger_totals(ledger).expected, 5);
    assert_int_equal(ledger_totals(ledger).published, 3);
}

TEST(in_order_and_once_is_delivered)
{
    publish(5, 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(user_4_gets(i), LEDGER_DELIVERED);
    struct ledger_totals totals = ledger_totals(ledger);
    assert_int_equal(totals.delivered, 3);
    assert_int_equal(totals.expected, 6);
}

TEST(a_receipt_tells_when_it_was_published)
{
    publish(5, 3);
    uint64_t published_us = 0;
    struct ledger_receipt receipt = {.user = 5, .runner = 5, .place = sent[2]};
    ledger_receive(ledger, &receipt, &published_us);
    assert_int_equal(published_us, 1002);
}

TEST(a_second_copy_is_a_duplicate)
{
    publish(5, 2);
    assert_int_equal(user_4_gets(0), LEDGER_DELIVERED);
    assert_int_equal(user_4_gets(0), LEDGER_DUPLICATE);
    assert_int_equal(user_4_gets(1), LEDGER_DELIVERED);
    assert_int_equal(user_4_gets(0), LEDGER_DUPLICATE);
    assert_int_equal(ledger_totals(ledger).duplicates, 2);
    assert_int_equal(ledger_totals(ledger).delivered, 2);
}

TEST(what_was_overtaken_is_out_of_order_and_delivered)
{
    publish(5, 4);
    assert_int_equal(user_4_gets(3), LEDGER_DELIVERED);
    assert_int_equal(user_4_gets(1), LEDGER_OUT_OF_ORDER);
    assert_int_equal(user_4_gets(1), LEDGER_DUPLICATE);
    assert_int_equal(user_4_gets(0), LEDGER_OUT_OF_ORDER);
    assert_int_equal(user_4_gets(2), LEDGER_OUT_OF_ORDER);
    assert_int_equal(ledger_totals(ledger).delivered, 4);
    assert_int_equal(ledger_totals(ledger).out_of_order, 3);
}

TEST(followers_are_accounted_for_one_by_one)
{
    publish(5, 1);
    assert_int_equal(receive(4, 5, sent[0]), LEDGER_DELIVERED);
    assert_int_equal(receive(5, 5, sent[0]), LEDGER_DELIVERED);
}

TEST(what_nobody_sent_or_asked_for_is_unexpected)
{
    publish(5, 2);
    struct ledger_place other = {.lat_deg = sent[0].lat_deg, .lng_deg = sent[0].lng_deg + 1e-9};
    assert_int_equal(receive(4, 5, other), LEDGER_UNEXPECTED);
    assert_int_equal(receive(3, 5, sent[0]), LEDGER_UNEXPECTED);
    assert_int_equal(receive(6, 5, sent[0]), LEDGER_UNEXPECTED);
    assert_int_equal(receive(9, 10, sent[0]), LEDGER_UNEXPECTED);
    assert_int_equal(receive(4, UINT32_MAX, sent[0]), LEDGER_UNEXPECTED);
    assert_int_equal(receive(4, 5, (struct ledger_place){NAN, NAN}), LEDGER_UNEXPECTED);
    assert_int_equal(receive(4, 5, (struct ledger_place){1e300, -1e300}), LEDGER_UNEXPECTED);
    assert_int_equal(ledger_totals(ledger).unexpected, 7);
    assert_int_equal(ledger_totals(ledger).delivered, 0);
}

TEST(a_runner_who_stands_still_is_told_apart_by_the_stamp)
{
    publish(5, 300);
    for (uint32_t i = 300; i-- > 0;)
        assert_int_equal(user_4_gets(i), i == 299 ? LEDGER_DELIVERED : LEDGER_OUT_OF_ORDER);
}

TEST(a_stamp_moves_a_place_by_less_than_two_centimetres_and_comes_back_from_text)
{
    static const struct ledger_place places[] = {{0, 0}, {-0.0, 100}, {99.99999999, -179.9999999}};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        publish(5, 257);
        struct ledger_place stamped = ledger_stamp(ledger, 5, places[i]);
        assert_true(fabs(stamped.lat_deg - places[i].lat_deg) < 2e-7);
        assert_true(fabs(stamped.lng_deg - places[i].lng_deg) < 2e-7);
        char text[32];
        snprintf(text, sizeof text, "%.15g", stamped.lng_deg);
        assert_true(strtod(text, NULL) == stamped.lng_deg);
    }
}

/* Random deliveries, doubled, dropped and shuffled, against a table that remembers everything. */
TEST(it_agrees_with_a_naive_account)
{
    enum { COUNT = 300 };
    bool is_there[COUNT] = {false};
    int newest = -1;
    struct ledger_totals expected = {0};
    publish(5, COUNT);
    uint32_t random = 12345;
    for (int step = 0; step < 2000; step++) {
        random = random * 1664525 + 1013904223;
        int number = (int)((random >> 8) % COUNT);
        enum ledger_verdict verdict = is_there[number]  ? LEDGER_DUPLICATE
                                      : number < newest ? LEDGER_OUT_OF_ORDER
                                                        : LEDGER_DELIVERED;
        assert_int_equal(user_4_gets((uint32_t)number), verdict);
        expected.delivered += !is_there[number];
        is_there[number] = true;
        newest = number > newest ? number : newest;
    }
    assert_int_equal(ledger_totals(ledger).delivered, expected.delivered);
}

TEST(no_memory_is_told_and_nothing_counted)
{
    mem_fail_after(0);
    assert_int_equal(ledger_publish(ledger, 5, (struct ledger_place){1, 1}, 0), ERR_NO_MEMORY);
    assert_int_equal(ledger_totals(ledger).published, 0);
    for (long n = 0; n < 3; n++) {
        mem_fail_after(n);
        struct ledger *none = ledger_new(3, 2);
        assert_null(none);
    }
    mem_fail_after(-1);
}
