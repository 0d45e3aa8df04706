#include "cli/token_link.h"

#include "tests/lib/test.h"

static void expect_link(const char *url, const char *wanted)
{
    struct buf link = {0};
    assert_true(token_link_fits(url));
    assert_int_equal(token_link_write(url, span_of_text("a.b.c"), &link), 0);
    assert_true(span_equals(buf_span(&link), span_of_text(wanted)));
    buf_fini(&link);
}

TEST(the_token_goes_into_the_query)
{
    expect_link("https://race.example/map", "https://race.example/map?token=a.b.c");
    expect_link("http://127.0.0.1:8080/", "http://127.0.0.1:8080/?token=a.b.c");
    expect_link("HTTPS://race.example", "HTTPS://race.example/?token=a.b.c");
    expect_link("https://[2001:db8::1]:444/x", "https://[2001:db8::1]:444/x?token=a.b.c");
}

TEST(a_query_that_is_there_stays_and_a_fragment_stays_behind_it)
{
    expect_link("https://race.example/?lang=fr", "https://race.example/?lang=fr&token=a.b.c");
    expect_link("https://race.example/#finish", "https://race.example/?token=a.b.c#finish");
    expect_link("https://race.example/m?a=b#c?d", "https://race.example/m?a=b&token=a.b.c#c?d");
    expect_link("https://race.example?a=b", "https://race.example?a=b&token=a.b.c");
    expect_link("https://race.example#c", "https://race.example?token=a.b.c#c");
}

TEST(what_is_no_address_of_a_page_does_not_fit)
{
    static const char *const urls[] = {
        "",
        "race.example",
        "ws://race.example/",
        "https://",
        "https:///map",
        "https://:443/",
        "https://?a",
        "https://user:word@race.example/",
        "https://race.example/a b",
        "https://race.example/\n",
        "https://race.example/\xc3\xa9",
        "https://race.example/\"",
        "javascript:https://race.example/",
    };
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        if (token_link_fits(urls[i]))
            fail_msg("'%s' fits", urls[i]);
    }
}

TEST(an_address_with_a_token_in_its_query_does_not_fit)
{
    assert_false(token_link_fits("https://race.example/?token=x"));
    assert_false(token_link_fits("https://race.example/?a=b&token="));
    assert_false(token_link_fits("https://race.example?token=x#y"));
    assert_true(token_link_fits("https://race.example/?mytoken=x&tokens=y"));
    assert_true(token_link_fits("https://race.example/#?token=x"));
    assert_true(token_link_fits("https://race.example/token=x"));
}

TEST(http_is_in_the_clear_but_on_this_machine)
{
    assert_true(token_link_is_in_the_clear("http://race.example/"));
    assert_true(token_link_is_in_the_clear("http://localhost.example/"));
    assert_true(token_link_is_in_the_clear("http://10.0.0.1:8080/"));
    assert_false(token_link_is_in_the_clear("https://race.example/"));
    assert_false(token_link_is_in_the_clear("http://localhost"));
    assert_false(token_link_is_in_the_clear("http://LocalHost:8080/"));
    assert_false(token_link_is_in_the_clear("http://127.0.0.1/map"));
    assert_false(token_link_is_in_the_clear("http://[::1]:8080/"));
}
