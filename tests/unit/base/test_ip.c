#include "base/ip.h"

#include "base/err.h"
#include "tests/lib/test.h"

static struct ip ip(const char *text)
{
    struct ip ip;
    assert_int_equal(ip_parse(span_of_text(text), &ip), 0);
    return ip;
}

static bool holds(const char *network, const char *text)
{
    struct cidr cidr;
    struct ip address = ip(text);
    assert_int_equal(cidr_parse(span_of_text(network), &cidr), 0);
    return cidr_holds(&cidr, &address);
}

TEST(an_address_is_written_as_it_was_read)
{
    const char *texts[] = {
        "10.1.2.3", "0.0.0.0", "255.255.255.255", "::", "::1", "2001:db8::1", "fe80::1:2:3:4"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char text[IP_TEXT_BYTES];
        struct ip address = ip(texts[i]);
        ip_format(&address, text);
        assert_string_equal(text, texts[i]);
    }
}

TEST(the_longest_address_fits)
{
    struct ip address = ip("0001:0002:0003:0004:0005:0006:255.255.255.255");
    assert_int_equal(address.bytes[15], 255);
    assert_int_equal(ip_parse(span_of_text("00001:2:3:4:5:6:7:8"), &address), ERR_FORMAT);
}

TEST(an_address_in_another_form_is_refused)
{
    const char *refused[] = {"",         "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4",
                             " 1.2.3.4", "[::1]", "1.2.3.4:5", "::1%lo",    ":::",
                             "a.b.c.d",  "127.1", "1:2",       "1.2.3.4 ",  "0x7f.0.0.1"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct ip address;
        assert_int_equal(ip_parse(span_of_text(refused[i]), &address), ERR_FORMAT);
    }
    struct ip address;
    assert_int_equal(ip_parse(span_of("1.2.3.4\0", 8), &address), ERR_FORMAT);
    assert_int_equal(ip_parse(span_of(NULL, 0), &address), ERR_FORMAT);
}

TEST(an_ipv4_address_in_an_ipv6_one_is_the_same)
{
    struct ip a = ip("10.1.2.3");
    struct ip b = ip("::ffff:10.1.2.3");
    const uint8_t bytes[4] = {10, 1, 2, 3};
    struct ip c = ip_of_v4(bytes);
    assert_true(ip_equals(&a, &b));
    assert_true(ip_equals(&a, &c));
    assert_true(ip_is_v4(&b));
    struct ip d = ip("::10.1.2.3");
    assert_false(ip_equals(&a, &d));
    assert_false(ip_is_v4(&d));
}

TEST(a_network_holds_what_begins_like_it)
{
    assert_true(holds("10.0.0.0/8", "10.255.0.1"));
    assert_false(holds("10.0.0.0/8", "11.0.0.0"));
    assert_true(holds("10.1.2.128/25", "10.1.2.129"));
    assert_false(holds("10.1.2.128/25", "10.1.2.127"));
    assert_true(holds("10.1.2.3", "10.1.2.3"));
    assert_false(holds("10.1.2.3", "10.1.2.2"));
    assert_true(holds("10.1.2.3/8", "10.9.9.9"));
    assert_true(holds("2001:db8::/33", "2001:db8:7fff::1"));
    assert_false(holds("2001:db8::/33", "2001:db8:8000::1"));
    assert_true(holds("::1", "::1"));
}

TEST(networks_of_the_two_kinds_are_apart_but_for_mapped_addresses)
{
    assert_true(holds("0.0.0.0/0", "255.1.2.3"));
    assert_false(holds("0.0.0.0/0", "::1"));
    assert_true(holds("10.0.0.0/8", "::ffff:10.1.1.1"));
    assert_true(holds("::ffff:10.0.0.0/104", "10.1.1.1"));
    assert_true(holds("::/0", "10.1.1.1"));
    assert_true(holds("::/0", "2001:db8::1"));
}

TEST(a_network_in_another_form_is_refused)
{
    const char *refused[] = {
        "",           "/8",       "10.0.0.0/",   "10.0.0.0/33", "10.0.0.0/-1",   "::/129",
        "10.0.0.0/a", "10.0.0/8", "10.0.0.0/8 ", "10.0.0.0//8", "10.0.0.0/0008", "10.0.0.0/+8"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct cidr cidr;
        assert_int_equal(cidr_parse(span_of_text(refused[i]), &cidr), ERR_FORMAT);
    }
}

static bool are_one_customers(const char *a, const char *b)
{
    struct ip first = ip(a);
    struct ip second = ip(b);
    struct ip of_first = ip_of_customer(&first);
    struct ip of_second = ip_of_customer(&second);
    return ip_equals(&of_first, &of_second);
}

TEST(a_customer_has_an_address_of_ipv4_and_a_network_of_ipv6)
{
    assert_true(are_one_customers("192.0.2.1", "::ffff:192.0.2.1"));
    assert_false(are_one_customers("192.0.2.1", "192.0.2.2"));
    assert_true(are_one_customers("2001:db8:1:2::1", "2001:db8:1:2:ffff::1"));
    assert_false(are_one_customers("2001:db8:1:2::1", "2001:db8:1:3::1"));
    assert_false(are_one_customers("::1", "192.0.2.1"));
}

TEST(loopback_is_127_and_1)
{
    struct ip a = ip("127.3.2.1");
    struct ip b = ip("::1");
    struct ip c = ip("128.0.0.1");
    struct ip d = ip("::2");
    assert_true(ip_is_loopback(&a));
    assert_true(ip_is_loopback(&b));
    assert_false(ip_is_loopback(&c));
    assert_false(ip_is_loopback(&d));
}
