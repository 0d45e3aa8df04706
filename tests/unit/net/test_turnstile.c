/* Who is let in at once, who waits, and for how long. */
#include "net/turnstile.h"

#include "tests/lib/test.h"

#define BEGIN_MS 5000
#define MANY 100

static struct turnstile turnstile;
static struct visitor visitors[MANY];
static int let_in;
static struct visitor *last;

static void on_let_in(struct visitor *visitor)
{
    let_in++;
    last = visitor;
}

static void begin(uint64_t per_second, size_t per_turn)
{
    turnstile =
        (struct turnstile){.per_second = per_second, .per_turn = per_turn, .let_in = on_let_in};
    let_in = 0;
    for (int i = 0; i < MANY; i++)
        visitors[i] = (struct visitor){0};
    assert_int_equal(turnstile_turn(&turnstile, BEGIN_MS), UINT64_MAX);
}

/* How many of so many got in at once. */
static int come(int from, int count, uint64_t now_ms)
{
    int entered = 0;
    for (int i = from; i < from + count; i++)
        entered += turnstile_enter(&turnstile, &visitors[i], now_ms);
    return entered;
}

TEST(so_many_get_in_in_a_turn_and_the_others_in_the_next_ones_in_order)
{
    begin(0, 3);
    assert_int_equal(come(0, 8, BEGIN_MS), 3);
    assert_int_equal(turnstile_turn(&turnstile, BEGIN_MS), BEGIN_MS);
    assert_int_equal(let_in, 3);
    assert_ptr_equal(last, &visitors[5]);
    assert_int_equal(turnstile_turn(&turnstile, BEGIN_MS), UINT64_MAX);
    assert_ptr_equal(last, &visitors[7]);
    assert_int_equal(let_in, 5);
}

TEST(who_comes_while_others_wait_waits_behind_them)
{
    begin(0, 1);
    assert_int_equal(come(0, 3, BEGIN_MS), 1);
    turnstile_turn(&turnstile, BEGIN_MS);
    assert_ptr_equal(last, &visitors[1]);
    assert_int_equal(come(3, 1, BEGIN_MS), 0);
    turnstile_turn(&turnstile, BEGIN_MS);
    assert_ptr_equal(last, &visitors[2]);
    turnstile_turn(&turnstile, BEGIN_MS);
    assert_ptr_equal(last, &visitors[3]);
}

TEST(a_seconds_worth_gets_in_at_once_then_each_when_it_is_due)
{
    begin(10, MANY);
    assert_int_equal(come(0, 20, BEGIN_MS), 11); /* ten, and the one that is due now */
    assert_int_equal(turnstile_turn(&turnstile, BEGIN_MS), BEGIN_MS + 100);
    assert_int_equal(let_in, 0);
    assert_int_equal(turnstile_turn(&turnstile, BEGIN_MS + 100), BEGIN_MS + 200);
    assert_int_equal(let_in, 1);
    assert_int_equal(turnstile_turn(&turnstile, BEGIN_MS + 450), BEGIN_MS + 500);
    assert_int_equal(let_in, 4);
    assert_int_equal(turnstile_turn(&turnstile, BEGIN_MS + 10000), UINT64_MAX);
    assert_int_equal(let_in, 9);
}

TEST(who_leaves_the_line_is_not_let_in)
{
    begin(0, 1);
    come(0, 3, BEGIN_MS);
    turnstile_leave(&turnstile, &visitors[1]);
    turnstile_leave(&turnstile, &visitors[1]);
    turnstile_leave(&turnstile, &visitors[0]);
    assert_int_equal(turnstile_turn(&turnstile, BEGIN_MS), UINT64_MAX);
    assert_ptr_equal(last, &visitors[2]);
    assert_int_equal(let_in, 1);
}

TEST(who_is_sent_to_the_line_waits_even_if_there_is_room)
{
    begin(0, 3);
    turnstile_wait(&turnstile, &visitors[0]);
    assert_true(turnstile_is_waiting(&visitors[0]));
    assert_int_equal(turnstile.waiting, 1);
    turnstile_turn(&turnstile, BEGIN_MS);
    assert_ptr_equal(last, &visitors[0]);
    assert_false(turnstile_is_waiting(&visitors[0]));
    assert_int_equal(turnstile.waiting, 0);
}

TEST(a_very_high_rate_is_a_rate)
{
    begin(10000000, MANY);
    assert_int_equal(come(0, MANY, BEGIN_MS), MANY);
}
