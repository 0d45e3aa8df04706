/* Limits on connections, in all and from one address. */
#include "app/admission.h"

#include "base/err.h"
#include "base/mem.h"
#include "net/address.h"
#include "tests/lib/test.h"

static uint64_t now_ms = 5000;

static struct address from(const char *text)
{
    struct address address;
    assert_int_equal(address_parse(text, &address), 0);
    return address;
}

static int enter(struct admission *admission, const char *address, struct admission_ticket **ticket,
                 struct fault *fault)
{
    struct address peer = from(address);
    struct ip ip = address_ip(&peer);
    return admission_enter(admission, &ip, now_ms, ticket, fault);
}

TEST(without_limits_everybody_enters_and_no_ticket_is_kept)
{
    struct admission_limits limits = {0};
    struct admission *admission = admission_new(&limits);
    struct fault fault;
    for (int i = 0; i < 100; i++) {
        struct admission_ticket *ticket;
        assert_int_equal(enter(admission, "127.0.0.1:1", &ticket, &fault), 0);
        assert_null(ticket);
    }
    for (int i = 0; i < 100; i++)
        admission_leave(admission, NULL);
    admission_free(&admission);
}

TEST(the_total_is_limited_and_a_leaver_makes_room)
{
    struct admission_limits limits = {.connections = 2};
    struct admission *admission = admission_new(&limits);
    struct admission_ticket *ticket;
    struct fault fault;
    assert_int_equal(enter(admission, "127.0.0.1:1", &ticket, &fault), 0);
    assert_int_equal(enter(admission, "127.0.0.2:1", &ticket, &fault), 0);
    assert_int_equal(enter(admission, "127.0.0.3:1", &ticket, &fault), ERR_TOO_MANY);
    assert_int_equal(fault.code, FAULT_too_many_connections);
    admission_leave(admission, NULL);
    assert_int_equal(enter(admission, "127.0.0.3:1", &ticket, &fault), 0);
    admission_leave(admission, NULL);
    admission_leave(admission, NULL);
    admission_free(&admission);
}

TEST(each_address_is_limited_whatever_its_port_and_family)
{
    struct admission_limits limits = {.connections_per_address = 2};
    struct admission *admission = admission_new(&limits);
    struct admission_ticket *tickets[3];
    struct fault fault;
    assert_int_equal(enter(admission, "127.0.0.1:1", &tickets[0], &fault), 0);
    assert_int_equal(enter(admission, "[::ffff:127.0.0.1]:2", &tickets[1], &fault), 0);
    assert_int_equal(enter(admission, "127.0.0.1:3", &tickets[2], &fault), ERR_TOO_MANY);
    assert_int_equal(fault.code, FAULT_too_many_connections_per_address);
    assert_int_equal(enter(admission, "127.0.0.2:3", &tickets[2], &fault), 0);
    for (int i = 0; i < 3; i++)
        admission_leave(admission, tickets[i]);
    assert_int_equal(enter(admission, "127.0.0.1:3", &tickets[0], &fault), 0);
    admission_leave(admission, tickets[0]);
    admission_free(&admission);
}

TEST(addresses_of_one_ipv6_network_are_limited_together)
{
    struct admission_limits limits = {.connections_per_address = 2};
    struct admission *admission = admission_new(&limits);
    struct admission_ticket *tickets[3];
    struct fault fault;
    assert_int_equal(enter(admission, "[2001:db8:1:2::1]:1", &tickets[0], &fault), 0);
    assert_int_equal(enter(admission, "[2001:db8:1:2::2]:1", &tickets[1], &fault), 0);
    assert_int_equal(enter(admission, "[2001:db8:1:2:ffff::]:1", &tickets[2], &fault),
                     ERR_TOO_MANY);
    assert_int_equal(fault.code, FAULT_too_many_connections_per_address);
    assert_int_equal(enter(admission, "[2001:db8:1:3::1]:1", &tickets[2], &fault), 0);
    for (int i = 0; i < 3; i++)
        admission_leave(admission, tickets[i]);
    assert_int_equal(enter(admission, "[2001:db8:1:2::3]:1", &tickets[0], &fault), 0);
    admission_leave(admission, tickets[0]);
    admission_free(&admission);
}

TEST(one_turned_away_at_its_address_does_not_count_in_the_total)
{
    struct admission_limits limits = {.connections = 2, .connections_per_address = 1};
    struct admission *admission = admission_new(&limits);
    struct admission_ticket *tickets[2];
    struct fault fault;
    assert_int_equal(enter(admission, "127.0.0.1:1", &tickets[0], &fault), 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(enter(admission, "127.0.0.1:1", &tickets[1], &fault), ERR_TOO_MANY);
    assert_int_equal(enter(admission, "127.0.0.2:1", &tickets[1], &fault), 0);
    admission_leave(admission, tickets[0]);
    admission_leave(admission, tickets[1]);
    admission_free(&admission);
}

TEST(one_whose_address_is_known_later_counts_there_from_then_on)
{
    struct admission_limits limits = {.connections_per_address = 1};
    struct admission *admission = admission_new(&limits);
    struct admission_ticket *tickets[2];
    struct address address = from("192.0.2.7:0");
    struct fault fault;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(admission_enter(admission, NULL, now_ms, &tickets[i], &fault), 0);
        assert_null(tickets[i]);
    }
    struct ip ip = address_ip(&address);
    assert_int_equal(admission_enter_from(admission, &ip, now_ms, &tickets[0], &fault), 0);
    assert_int_equal(admission_enter_from(admission, &ip, now_ms, &tickets[1], &fault),
                     ERR_TOO_MANY);
    assert_int_equal(fault.code, FAULT_too_many_connections_per_address);
    admission_leave(admission, tickets[0]);
    assert_int_equal(admission_enter_from(admission, &ip, now_ms, &tickets[1], &fault), 0);
    admission_leave(admission, tickets[1]);
    admission_free(&admission);
}

TEST(without_memory_for_a_ticket_nobody_enters_and_that_is_said)
{
    struct admission_limits limits = {.connections_per_address = 1};
    struct admission *admission = admission_new(&limits);
    struct admission_ticket *ticket;
    struct fault fault;
    mem_fail_after(0);
    assert_int_equal(enter(admission, "127.0.0.1:1", &ticket, &fault), ERR_NO_MEMORY);
    assert_int_equal(fault.code, FAULT_out_of_memory);
    admission_free(&admission);
}

/* How many of `offered` from there at this moment enter; they leave again. */
static int offer_from(struct admission *admission, const char *address, int offered,
                      enum fault_code otherwise)
{
    struct admission_ticket *ticket;
    struct fault fault;
    int entered = 0;
    for (int i = 0; i < offered; i++) {
        if (enter(admission, address, &ticket, &fault) == 0) {
            entered++;
            admission_leave(admission, ticket);
        } else {
            assert_int_equal(fault.code, otherwise);
        }
    }
    return entered;
}

static int offer(struct admission *admission, int offered)
{
    return offer_from(admission, "127.0.0.1:1", offered, FAULT_too_many_new_connections);
}

TEST(new_connections_in_a_second_are_limited_with_a_seconds_worth_at_once)
{
    struct admission_limits limits = {.connects_per_second = 100};
    struct admission *admission = admission_new(&limits);
    assert_int_equal(offer(admission, 1000), 100);
    now_ms += 100;
    assert_int_equal(offer(admission, 1000), 10);
    now_ms += 100000;
    assert_int_equal(offer(admission, 1000), 100);
    int entered = 0;
    for (int i = 0; i < 1000; i++) {
        now_ms += 1;
        entered += offer(admission, 5);
    }
    assert_in_range(entered, 99, 101);
    admission_free(&admission);
}

TEST(an_address_that_connects_too_fast_uses_up_nothing_of_what_all_may)
{
    struct admission_limits limits = {.connects_per_second = 10,
                                      .connects_per_second_per_address = 4};
    enum fault_code own = FAULT_too_many_new_connections_per_address;
    struct admission *admission = admission_new(&limits);
    assert_int_equal(offer_from(admission, "127.0.0.1:1", 1000, own), 4);
    assert_int_equal(offer_from(admission, "[2001:db8:1:2::1]:1", 2, own), 2);
    assert_int_equal(offer_from(admission, "[2001:db8:1:2::2]:1", 1000, own), 2);
    struct admission_ticket *ticket;
    struct fault fault;
    if (enter(admission, "127.0.0.2:1", &ticket, &fault) < 0 && fault.code == own) {
        admission_free(
            &admission); /* it has the place of another: one in 8,000, app/address_rates.h */
        skip();
    }
    admission_leave(admission, ticket);
    assert_int_equal(offer_from(admission, "127.0.0.2:1", 3, FAULT_too_many_new_connections), 1);
    now_ms += 250;
    assert_int_equal(offer_from(admission, "127.0.0.1:1", 1000, own), 1);
    admission_free(&admission);
}

TEST(an_address_that_has_its_connections_uses_up_nothing_of_what_all_may)
{
    struct admission_limits limits = {.connects_per_second = 10, .connections_per_address = 1};
    struct admission *admission = admission_new(&limits);
    struct admission_ticket *ticket;
    struct fault fault;
    assert_int_equal(enter(admission, "127.0.0.1:1", &ticket, &fault), 0);
    assert_int_equal(
        offer_from(admission, "127.0.0.1:1", 1000, FAULT_too_many_connections_per_address), 0);
    assert_int_equal(offer_from(admission, "127.0.0.2:1", 1000, FAULT_too_many_new_connections), 9);
    admission_leave(admission, ticket);
    admission_free(&admission);
}

TEST(one_turned_away_by_what_all_may_has_no_place_at_its_address)
{
    struct admission_limits limits = {.connections = 1, .connections_per_address = 1};
    struct admission *admission = admission_new(&limits);
    struct admission_ticket *tickets[2];
    struct fault fault;
    assert_int_equal(enter(admission, "127.0.0.1:1", &tickets[0], &fault), 0);
    assert_int_equal(enter(admission, "127.0.0.2:1", &tickets[1], &fault), ERR_TOO_MANY);
    assert_null(tickets[1]);
    admission_leave(admission, tickets[0]);
    assert_int_equal(enter(admission, "127.0.0.2:1", &tickets[1], &fault), 0);
    admission_leave(admission, tickets[1]);
    admission_free(&admission);
}

TEST(messages_of_one_address_are_limited_together)
{
    struct admission_limits limits = {.messages_per_second_per_address = 5};
    struct admission *admission = admission_new(&limits);
    struct address near = from("192.0.2.7:1");
    struct address far = from("192.0.2.8:1");
    struct ip ips[] = {address_ip(&near), address_ip(&far)};
    struct fault fault;
    int taken = 0;
    for (int i = 0; i < 100; i++)
        taken += admission_takes_message(admission, &ips[0], now_ms, &fault);
    assert_int_equal(taken, 5);
    assert_int_equal(fault.code, FAULT_too_many_messages_per_address);
    assert_true(admission_takes_message(admission, &ips[1], now_ms, &fault));
    assert_true(admission_takes_message(admission, &ips[0], now_ms + 200, &fault));
    admission_free(&admission);
}
