#include "app/ws_url.h"

#include <string.h>

#include "base/err.h"
#include "tests/lib/test.h"

static void is_taken(const char *text, const char *authority, const char *path)
{
    struct ws_url url;
    char error[WS_URL_ERROR_BYTES] = "";
    if (ws_url_parse(text, &url, error) < 0)
        fail_msg("%s: %s", text, error);
    assert_string_equal(url.authority, authority);
    assert_string_equal(url.path, path);
}

static void is_refused(const char *text, const char *why)
{
    struct ws_url url;
    char error[WS_URL_ERROR_BYTES] = "";
    assert_int_equal(ws_url_parse(text, &url, error), ERR_INVALID);
    if (strstr(error, why) == NULL)
        fail_msg("%s: '%s' does not say '%s'", text, error, why);
}

TEST(a_url_has_a_host_a_port_and_a_path)
{
    is_taken("ws://127.0.0.1:8080", "127.0.0.1:8080", "/");
    is_taken("ws://example.org:9/live", "example.org:9", "/live");
    is_taken("WS://example.org:65535/", "example.org:65535", "/");
}

TEST(the_port_is_80_when_there_is_none)
{
    is_taken("ws://example.org/a", "example.org:80", "/a");
    is_taken("ws://[::1]", "[::1]:80", "/");
}

TEST(an_ipv6_address_keeps_its_brackets)
{
    is_taken("ws://[::1]:8080/x", "[::1]:8080", "/x");
    is_taken("ws://[2001:db8::7]/x", "[2001:db8::7]:80", "/x");
}

TEST(the_query_belongs_to_the_path)
{
    is_taken("ws://h:1/a?b=c/d", "h:1", "/a?b=c/d");
    is_taken("ws://h:1?b=c", "h:1", "/?b=c");
}

static void names_host(const char *text, const char *host, bool is_tls)
{
    struct ws_url url;
    char error[WS_URL_ERROR_BYTES] = "";
    assert_int_equal(ws_url_parse(text, &url, error), 0);
    assert_string_equal(url.host, host);
    assert_int_equal(url.is_tls, is_tls);
}

TEST(the_host_stands_alone_for_who_needs_it)
{
    names_host("ws://example.org:8080/a", "example.org", false);
    names_host("wss://example.org", "example.org", true);
    names_host("wss://[2001:db8::7]:8443/x", "2001:db8::7", true);
    names_host("wss://[::1]", "::1", true);
}

TEST(wss_is_with_tls_and_its_port_is_443_when_there_is_none)
{
    is_taken("wss://example.org/a", "example.org:443", "/a");
    is_taken("WSS://[::1]", "[::1]:443", "/");
    is_taken("wss://example.org:8443", "example.org:8443", "/");
}

TEST(other_schemes_are_refused)
{
    is_refused("https://example.org", "begins with ws:// or wss://");
    is_refused("http://example.org", "begins with ws://");
    is_refused("example.org:8080", "begins with ws://");
    is_refused("", "begins with ws://");
}

TEST(what_is_no_host_or_port_is_refused)
{
    is_refused("ws://", "no host");
    is_refused("ws:///path", "no host");
    is_refused("ws://:8080", "no host");
    is_refused("ws://[]:1", "no host");
    is_refused("ws://[::1", "no host");
    is_refused("ws://a]b:1", "no host");
    is_refused("ws://h:", "port");
    is_refused("ws://h:0", "port");
    is_refused("ws://h:65536", "port");
    is_refused("ws://h:8o", "port");
    is_refused("ws://h:1:2", "port");
    is_refused("ws://h:123456", "port");
}

TEST(what_does_not_belong_in_a_url_is_refused)
{
    is_refused("ws://h/a b", "percent-encoded");
    is_refused("ws://h/a\r\nX: y", "percent-encoded");
    is_refused("ws://h/\xc3\xa9", "percent-encoded");
    is_refused("ws://h/\"", "percent-encoded");
    is_refused("ws://h/#top", "fragment");
    is_refused("ws://user:pw@h/", "user name");
}

TEST(a_url_that_is_too_long_is_refused)
{
    char text[3000] = "ws://h/";
    memset(text + 7, 'a', 2000);
    is_refused(text, "too long");
    memset(text + 5, 'a', 400);
    is_refused(text, "too long");
}

static void is_shown_as(const char *text, const char *expected)
{
    char shown[WS_URL_SHOWN_BYTES];
    ws_url_show(text, shown);
    assert_string_equal(shown, expected);
}

TEST(a_url_is_shown_without_its_tokens)
{
    is_shown_as("ws://h:8080", "ws://h:8080");
    is_shown_as("wss://[::1]:1/live?a=1&token=ey.J.x", "wss://[::1]:1/live?a=1&token=[redacted]");
    is_shown_as("ws://h?token=ey.J.x", "ws://h?token=[redacted]");
    is_shown_as("ws://h/?access_token=x&%74oken=y",
                "ws://h/?access_token=[redacted]&%74oken=[redacted]");
}
