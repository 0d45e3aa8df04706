#include "app/trusted_proxies.h"

#include "tests/lib/request.h"
#include "tests/lib/test.h"

static struct trusted_proxies *proxies_of(const char *networks)
{
    struct options options;
    options_init(&options);
    assert_int_equal(options_set(&options, option_find("trusted-proxies"), networks,
                                 (struct option_origin){.source = SOURCE_FLAG}),
                     0);
    struct trusted_proxies *proxies = trusted_proxies_new(&options);
    options_fini(&options);
    return proxies;
}

static void expect_client(const char *networks, const char *peer, const char *headers,
                          const char *expected)
{
    struct trusted_proxies *proxies = proxies_of(networks);
    struct http_reader *request = request_of("/", headers);
    struct ip ip;
    char text[IP_TEXT_BYTES];
    assert_int_equal(ip_parse(span_of_text(peer), &ip), 0);
    ip = trusted_proxies_client(proxies, &ip, request);
    assert_string_equal(ip_format(&ip, text), expected);
    http_reader_free(&request);
    trusted_proxies_free(&proxies);
}

#define FROM "X-Forwarded-For: 192.0.2.7, 10.0.0.1\r\n"

TEST(a_trusted_proxy_is_believed)
{
    expect_client("10.0.0.0/8, ::1", "10.0.0.2", FROM, "192.0.2.7");
    expect_client("10.0.0.0/8, ::1", "::1", FROM, "192.0.2.7");
    expect_client("10.0.0.2", "10.0.0.2", FROM, "10.0.0.1");
}

TEST(others_are_not)
{
    expect_client("10.0.0.0/8", "11.0.0.2", FROM, "11.0.0.2");
    expect_client("", "10.0.0.2", FROM, "10.0.0.2");
}

TEST(a_proxy_that_says_nothing_is_all_that_is_known)
{
    expect_client("10.0.0.0/8", "10.0.0.2", "", "10.0.0.2");
    expect_client("10.0.0.0/8", "10.0.0.2", "X-Forwarded-For: unknown\r\n", "10.0.0.2");
}
