#include "codec/accept.h"

#include <stdio.h>

#include "tests/lib/request.h"
#include "tests/lib/test.h"

static const char *const types[] = {"application/json", "application/geo+json",
                                    "application/gpx+xml"};

/* `accept` NULL: there is no such header. */
static void expect_best(const char *accept, size_t expected)
{
    char line[256] = "";
    if (accept != NULL)
        snprintf(line, sizeof line, "Accept: %s\r\n", accept);
    struct http_reader *request = request_of("/", line);
    assert_int_equal(accept_best(request, types, 3), expected);
    http_reader_free(&request);
}

TEST(who_likes_everything_gets_the_first)
{
    expect_best(NULL, 0);
    expect_best("*/*", 0);
    expect_best("application/*", 0);
    expect_best("text/html,application/xhtml+xml,*/*;q=0.8", 0);
}

TEST(what_is_liked_best_is_chosen)
{
    expect_best("application/geo+json", 1);
    expect_best("application/json;q=0.5, application/geo+json", 1);
    expect_best("APPLICATION/GPX+XML, */*;q=0.1", 2);
    expect_best("application/json;q=0, */*", 1);
    expect_best("application/*;q=0.2, application/gpx+xml;q=0.3;x=y", 2);
    expect_best("application/json;q=0.123, application/gpx+xml;q=0.124", 2);
}

TEST(what_is_not_offered_is_none)
{
    expect_best("image/png", 3);
    expect_best("application/json;q=0", 3);
    expect_best("application/json;q=x", 3);
    expect_best("applicatio/*", 3);
    expect_best("*", 3);
    expect_best("", 3);
    expect_best(";;,,", 3);
}

static void expect_gzip(const char *lines, bool expected)
{
    struct http_reader *request = request_of("/", lines);
    assert_int_equal(accept_takes_gzip(request), expected);
    http_reader_free(&request);
}

TEST(gzip_is_for_who_names_it)
{
    expect_gzip("", false);
    expect_gzip("Accept-Encoding: gzip, deflate, br\r\n", true);
    expect_gzip("Accept-Encoding: br\r\nAccept-Encoding: GZIP;q=0.1\r\n", true);
    expect_gzip("Accept-Encoding: *\r\n", true);
    expect_gzip("Accept-Encoding: *, gzip;q=0\r\n", false);
    expect_gzip("Accept-Encoding: gzip;q=0\r\n", false);
    expect_gzip("Accept-Encoding: gzipped, identity\r\n", false);
}

static void expect_tag(const char *lines, bool expected)
{
    struct http_reader *request = request_of("/", lines);
    assert_int_equal(accept_has_tag(request, span_of_text("\"ab\"")), expected);
    http_reader_free(&request);
}

TEST(a_tag_is_the_same_weak_or_strong)
{
    expect_tag("", false);
    expect_tag("If-None-Match: \"ab\"\r\n", true);
    expect_tag("If-None-Match: \"x\", W/\"ab\"\r\n", true);
    expect_tag("If-None-Match: *\r\n", true);
    expect_tag("If-None-Match: ab\r\n", false);
    expect_tag("If-None-Match: W/\"abc\"\r\n", false);
    expect_tag("If-None-Match: W/\r\n", false);
}

static void expect_type(const char *text, const char *type, bool is_utf8)
{
    assert_true(span_equals(media_type_of(span_of_text(text)), span_of_text(type)));
    assert_int_equal(media_type_is_utf8(span_of_text(text)), is_utf8);
}

TEST(a_type_is_told_from_its_parameters)
{
    expect_type("application/json", "application/json", true);
    expect_type("application/json ; charset=utf-8", "application/json", true);
    expect_type("application/json;Charset=\"UTF-8\"", "application/json", true);
    expect_type("application/json; x=y; charset=latin1", "application/json", false);
    expect_type("", "", true);
    expect_type(";", "", true);
}
