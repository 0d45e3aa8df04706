#include "codec/credentials.h"

#include <stdio.h>

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/request.h"
#include "tests/lib/test.h"

/* "place TOKEN", and what else there is to say. */
static void expect(const char *target, const char *header_lines, const char *expected)
{
    static const char *const places[] = {"none", "authorization", "subprotocol", "cookie", "query"};
    struct http_reader *request = request_of(target, header_lines);
    struct credentials found;
    struct buf decoded = {0};
    char text[256];
    assert_int_equal(credentials_find(request, "token", &decoded, &found), 0);
    snprintf(text, sizeof text, "%s %.*s%s%s", places[found.place], (int)found.token.len,
             found.token.len > 0 ? (const char *)found.token.data : "",
             found.contradict ? " contradict" : "", found.by_subprotocol ? " answer" : "");
    buf_fini(&decoded);
    http_reader_free(&request);
    assert_string_equal(text, expected);
}

TEST(without_a_token_there_is_none)
{
    expect("/", "", "none ");
    expect("/?a=b&c", "Cookie: a=b\r\nSec-WebSocket-Protocol: spectate.v1\r\n", "none ");
}

TEST(a_bearer_token_stands_in_the_authorization)
{
    expect("/", "Authorization: Bearer a.b-c_d\r\n", "authorization a.b-c_d");
    expect("/", "authorization: bEARER   a.b.c\r\n", "authorization a.b.c");
    expect("/", "Authorization: Bearer\r\n", "authorization ");
    expect("/", "Authorization: Bearer a b\r\n", "authorization a b");
}

TEST(another_scheme_is_no_token)
{
    expect("/", "Authorization: Basic YTpi\r\n", "none ");
    expect("/", "Authorization: Bearerx a\r\n", "none ");
    expect("/", "Authorization: a.b.c\r\n", "none ");
    expect("/", "Authorization:\r\n", "none ");
}

TEST(a_token_is_the_entry_behind_spectate_token)
{
    expect("/", "Sec-WebSocket-Protocol: spectate.token, a.b.c\r\n", "subprotocol a.b.c answer");
    expect("/", "Sec-WebSocket-Protocol: x, spectate.token,a.b.c ,y\r\n",
           "subprotocol a.b.c answer");
    expect("/", "Sec-WebSocket-Protocol: spectate.token\r\nSec-WebSocket-Protocol: a\r\n",
           "subprotocol a answer");
}

TEST(a_token_that_was_announced_and_is_not_there_is_an_empty_one)
{
    expect("/", "Sec-WebSocket-Protocol: x, spectate.token\r\n", "subprotocol  answer");
}

TEST(a_token_may_stand_in_the_cookie_of_the_agreed_name)
{
    expect("/", "Cookie: a=b; token=a.b.c; c=d\r\n", "cookie a.b.c");
    expect("/", "Cookie: token=\"a.b.c\"\r\n", "cookie a.b.c");
    expect("/", "Cookie: a=b\r\nCookie: token=a=b\r\n", "cookie a=b");
    expect("/", "Cookie: token=\r\n", "cookie ");
    expect("/", "Cookie: token=\"\r\n", "cookie \"");
    expect("/", "Cookie: xtoken=a; Token=b; tokenx=c; token\r\n", "none ");
}

TEST(without_an_agreed_name_no_cookie_is_a_token)
{
    struct http_reader *request = request_of("/", "Cookie: token=a\r\n");
    struct credentials found;
    struct buf decoded = {0};
    assert_int_equal(credentials_find(request, NULL, &decoded, &found), 0);
    assert_int_equal(found.place, CREDENTIALS_NONE);
    http_reader_free(&request);
}

TEST(a_token_may_stand_in_the_query)
{
    expect("/live?token=a.b.c", "", "query a.b.c");
    expect("/live?x=1&token=a.b.c&y", "", "query a.b.c");
    expect("/?token=a%2Eb%2ec%3D", "", "query a.b.c=");
    expect("/?%74oken=a", "", "query a");
    expect("/?token=", "", "query ");
    expect("/?token", "", "query ");
    expect("/?tokens=a&token2=b", "", "none ");
    expect("http://race.example/?token=a", "", "query a");
    expect("/#?token=a", "", "none ");
}

TEST(the_same_token_may_stand_in_several_places_of_which_the_first_is_named)
{
    expect("/?token=a", "Cookie: token=a\r\nAuthorization: Bearer a\r\n", "authorization a");
    expect("/?token=a", "Cookie: token=a\r\n", "cookie a");
    expect("/?token=%61&token=a", "", "query a");
    expect("/?token=a", "Sec-WebSocket-Protocol: spectate.token, a\r\nCookie: token=a\r\n",
           "subprotocol a answer");
}

TEST(different_tokens_are_a_contradiction)
{
    expect("/?token=b", "Authorization: Bearer a\r\n", "authorization a contradict");
    expect("/?token=a&token=b", "", "query a contradict");
    expect("/", "Cookie: token=a; token=b\r\n", "cookie a contradict");
    expect("/", "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n",
           "authorization a contradict");
    expect("/", "Sec-WebSocket-Protocol: spectate.token, a, spectate.token, b\r\n",
           "subprotocol a contradict answer");
    expect("/?token=", "Cookie: token=a\r\n", "cookie a contradict");
}

TEST(without_memory_nothing_is_decoded)
{
    struct http_reader *request = request_of("/?token=a%2E", "");
    struct credentials found;
    struct buf decoded = {0};
    mem_fail_after(0);
    assert_int_equal(credentials_find(request, NULL, &decoded, &found), ERR_NO_MEMORY);
    mem_fail_after(-1);
    buf_fini(&decoded);
    http_reader_free(&request);
}
