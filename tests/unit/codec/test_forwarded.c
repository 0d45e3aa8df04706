#include "codec/forwarded.h"

#include "tests/lib/request.h"
#include "tests/lib/test.h"

/* 10.0.0.0/8, and it counts how often it was asked. */
static bool is_trusted(const struct ip *ip, void *ctx)
{
    ++*(int *)ctx;
    return ip_is_v4(ip) && ip->bytes[12] == 10;
}

static void expect(const char *header_lines, const char *expected)
{
    struct http_reader *request = request_of("/", header_lines);
    struct ip ip;
    int asked = 0;
    char text[IP_TEXT_BYTES] = "";
    if (forwarded_client(request, is_trusted, &asked, &ip))
        ip_format(&ip, text);
    http_reader_free(&request);
    assert_string_equal(text, expected);
}

#define X "X-Forwarded-For: "

TEST(the_client_is_the_rightmost_that_is_no_proxy)
{
    expect(X "192.0.2.7\r\n", "192.0.2.7");
    expect(X "192.0.2.7, 10.0.0.1, 10.0.0.2\r\n", "192.0.2.7");
    expect(X "203.0.113.1, 192.0.2.7, 10.0.0.1\r\n", "192.0.2.7");
    expect(X "10.0.0.1, 192.0.2.7\r\n", "192.0.2.7");
}

TEST(what_a_client_made_up_does_not_count)
{
    expect(X "127.0.0.1, what, ever, 192.0.2.7\r\n", "192.0.2.7");
    expect(X "10.0.0.9, 192.0.2.7, 10.0.0.1\r\n", "192.0.2.7");
}

TEST(among_proxies_only_the_leftmost_is_meant)
{
    expect(X "10.0.0.1, 10.0.0.2\r\n", "10.0.0.1");
}

TEST(what_cannot_be_read_hides_all_that_is_left_of_it)
{
    expect(X "192.0.2.7, unknown, 10.0.0.1, 10.0.0.2\r\n", "10.0.0.1");
    expect(X "192.0.2.7, _hidden\r\n", "");
    expect(X "192.0.2.7, 1.2.3\r\n", "");
}

TEST(ports_and_brackets_are_left_away)
{
    expect(X "192.0.2.7:1234\r\n", "192.0.2.7");
    expect(X "2001:db8::7\r\n", "2001:db8::7");
    expect(X "[2001:db8::7]\r\n", "2001:db8::7");
    expect(X "[2001:db8::7]:443\r\n", "2001:db8::7");
    expect(X "::ffff:192.0.2.7\r\n", "192.0.2.7");
    expect(X "[2001:db8::7\r\n", "");
    expect(X "[]\r\n", "");
    expect(X ":\r\n", "");
}

TEST(all_lines_are_one_list)
{
    expect(X "203.0.113.1\r\nx-forwarded-for: 192.0.2.7, 10.0.0.1\r\n", "192.0.2.7");
    expect(X "192.0.2.7\r\n" X "10.0.0.1\r\n", "192.0.2.7");
}

TEST(without_the_header_nothing_is_known)
{
    expect("", "");
    expect(X "\r\n", "");
    expect(X ", ,\r\n", "");
}
