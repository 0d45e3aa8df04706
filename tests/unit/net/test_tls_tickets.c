/* The keys of session tickets: how long each seals, and how long it opens. */
#include "net/tls_tickets.h"

#include "base/err.h"
#include "tests/lib/test.h"

#define HOUR_MS (60 * 60 * 1000)
#define BEGIN_MS 12345

static struct tls_tickets *tickets;

static int set_up(void **state)
{
    (void)state;
    tickets = tls_tickets_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tls_tickets_drop(&tickets);
    return 0;
}

TEST_SETUP(set_up);
TEST_TEARDOWN(tear_down);

static struct tls_ticket_key sealed_at(uint64_t now_ms)
{
    struct tls_ticket_key key;
    assert_int_equal(tls_tickets_seal(tickets, now_ms, &key), 0);
    return key;
}

static int opened_at(uint64_t now_ms, const struct tls_ticket_key *key)
{
    struct tls_ticket_key found;
    int result = tls_tickets_open(tickets, now_ms, key->name, &found);
    if (result >= 0)
        assert_memory_equal(&found, key, sizeof found);
    return result;
}

TEST(a_key_seals_for_an_hour)
{
    struct tls_ticket_key first = sealed_at(BEGIN_MS);
    struct tls_ticket_key later = sealed_at(BEGIN_MS + HOUR_MS - 1);
    assert_memory_equal(&first, &later, sizeof first);
    later = sealed_at(BEGIN_MS + HOUR_MS);
    assert_memory_not_equal(first.name, later.name, sizeof first.name);
    assert_memory_not_equal(first.cipher_key, later.cipher_key, sizeof first.cipher_key);
    assert_memory_not_equal(first.mac_key, later.mac_key, sizeof first.mac_key);
}

TEST(a_key_opens_as_long_as_the_last_ticket_that_it_sealed_is_good)
{
    struct tls_ticket_key key = sealed_at(BEGIN_MS);
    assert_int_equal(opened_at(BEGIN_MS, &key), 0);
    assert_int_equal(opened_at(BEGIN_MS + HOUR_MS - 1, &key), 0);
    assert_int_equal(opened_at(BEGIN_MS + HOUR_MS, &key), 1);
    assert_int_equal(opened_at(BEGIN_MS + 3 * HOUR_MS - 1, &key), 1);
    assert_int_equal(opened_at(BEGIN_MS + 3 * HOUR_MS, &key), ERR_NOT_FOUND);
}

TEST(keys_that_are_drawn_meanwhile_do_not_push_one_out_too_early)
{
    struct tls_ticket_key key = sealed_at(BEGIN_MS);
    for (int hours = 1; hours < 3; hours++)
        sealed_at(BEGIN_MS + (uint64_t)hours * HOUR_MS);
    assert_int_equal(opened_at(BEGIN_MS + 3 * HOUR_MS - 1, &key), 1);
}

TEST(a_name_that_was_never_drawn_opens_nothing)
{
    struct tls_ticket_key none = {.name = "none"};
    struct tls_ticket_key blank = {.name = ""};
    assert_int_equal(opened_at(BEGIN_MS, &blank), ERR_NOT_FOUND);
    sealed_at(BEGIN_MS);
    assert_int_equal(opened_at(BEGIN_MS, &none), ERR_NOT_FOUND);
    assert_int_equal(opened_at(BEGIN_MS, &blank), ERR_NOT_FOUND);
}

TEST(a_worker_whose_time_is_a_little_behind_gets_the_key_that_another_has_drawn)
{
    struct tls_ticket_key key = sealed_at(BEGIN_MS);
    struct tls_ticket_key earlier = sealed_at(BEGIN_MS - 1);
    assert_memory_equal(&key, &earlier, sizeof key);
    assert_int_equal(opened_at(BEGIN_MS - 1, &key), 0);
}
