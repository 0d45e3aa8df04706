#include "codec/ws_extension.h"

#include "base/err.h"
#include "tests/lib/test.h"

#define LINE "Sec-WebSocket-Extensions: "
#define PMD "permessage-deflate"
#define OURS PMD "; server_no_context_takeover; client_no_context_takeover"

static int negotiate(const char *headers, struct ws_extension *agreed)
{
    struct http_limits limits = {.head_bytes = 8192, .headers = 64};
    struct http_reader *request = http_reader_new(&limits);
    struct buf head = {0};
    size_t taken;
    int status;
    struct fault fault;
    assert_int_equal(buf_printf(&head, "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", headers), 0);
    assert_int_equal(http_read(request, buf_span(&head), &taken, &status, &fault),
                     HTTP_READ_REQUEST);
    int result = ws_extension_negotiate(request, agreed);
    http_reader_free(&request);
    buf_fini(&head);
    return result;
}

static const struct {
    const char *headers;
    const char *answer; /* NULL: declined */
    unsigned window_bits;
} offers[] = {
    {"", NULL, 0},
    {LINE "\r\n", NULL, 0},
    {LINE " , ,\r\n", NULL, 0},
    {LINE PMD "\r\n", OURS, 15},
    {"sec-websocket-extensions:" PMD "\r\n", OURS, 15},
    /* Chromium and ws; Firefox; Safari once */
    {LINE PMD "; client_max_window_bits\r\n", OURS, 15},
    {LINE PMD "\r\n", OURS, 15},
    {LINE "x-webkit-deflate-frame\r\n", NULL, 0},
    /* each parameter */
    {LINE PMD "; server_no_context_takeover\r\n", OURS, 15},
    {LINE PMD "; client_no_context_takeover\r\n", OURS, 15},
    {LINE PMD "; client_max_window_bits=8\r\n", OURS, 15},
    {LINE PMD "; client_max_window_bits=\"15\"\r\n", OURS, 15},
    {LINE PMD "; server_max_window_bits=15\r\n", OURS "; server_max_window_bits=15", 15},
    {LINE PMD "; server_max_window_bits=10\r\n", OURS "; server_max_window_bits=10", 10},
    {LINE PMD "; server_max_window_bits=9\r\n", OURS "; server_max_window_bits=9", 9},
    {LINE PMD "; server_max_window_bits=8\r\n", OURS "; server_max_window_bits=8", 8},
    {LINE PMD ";server_max_window_bits=\"12\"\r\n", OURS "; server_max_window_bits=12", 12},
    {LINE PMD ";server_max_window_bits=\"1\\2\"\r\n", OURS "; server_max_window_bits=12", 12},
    {LINE PMD "\t; client_max_window_bits ;server_no_context_takeover; "
              "client_no_context_takeover;  server_max_window_bits = 11 \r\n",
     OURS "; server_max_window_bits=11", 11},
    /* no value, a bad one, or one too many */
    {LINE PMD "; server_max_window_bits\r\n", NULL, 0},
    {LINE PMD "; server_max_window_bits=7\r\n", NULL, 0},
    {LINE PMD "; server_max_window_bits=16\r\n", NULL, 0},
    {LINE PMD "; server_max_window_bits=0\r\n", NULL, 0},
    {LINE PMD "; server_max_window_bits=08\r\n", NULL, 0},
    {LINE PMD "; server_max_window_bits=+8\r\n", NULL, 0},
    {LINE PMD "; server_max_window_bits=8.0\r\n", NULL, 0},
    {LINE PMD "; server_max_window_bits=150\r\n", NULL, 0},
    {LINE PMD "; server_max_window_bits=1a\r\n", NULL, 0},
    {LINE PMD "; server_max_window_bits=4294967304\r\n", NULL, 0},
    {LINE PMD "; client_max_window_bits=7\r\n", NULL, 0},
    {LINE PMD "; client_max_window_bits=16\r\n", NULL, 0},
    {LINE PMD "; client_max_window_bits=x\r\n", NULL, 0},
    {LINE PMD "; server_no_context_takeover=1\r\n", NULL, 0},
    {LINE PMD "; client_no_context_takeover=true\r\n", NULL, 0},
    /* twice, or unknown */
    {LINE PMD "; server_no_context_takeover; server_no_context_takeover\r\n", NULL, 0},
    {LINE PMD "; client_max_window_bits; client_max_window_bits=10\r\n", NULL, 0},
    {LINE PMD "; server_max_window_bits=10; server_max_window_bits=10\r\n", NULL, 0},
    {LINE PMD "; level=9\r\n", NULL, 0},
    {LINE PMD "; server_max_window_bit=9\r\n", NULL, 0},
    {LINE PMD "; SERVER_NO_CONTEXT_TAKEOVER\r\n", NULL, 0},
    {LINE PMD "2\r\n", NULL, 0},
    {LINE "permessage-bzip2\r\n", NULL, 0},
    /* the first that is acceptable, over several offers and lines */
    {LINE PMD "; level=9, " PMD "; server_max_window_bits=9, " PMD "\r\n",
     OURS "; server_max_window_bits=9", 9},
    {LINE PMD "; server_max_window_bits=7, " PMD "\r\n", OURS, 15},
    {LINE "x-a; b=1; c=\"2\", " PMD "\r\n", OURS, 15},
    {LINE "x-a\r\nX-Other: " PMD "; level=1\r\n" LINE PMD "\r\n", OURS, 15},
    {LINE PMD "; level=9\r\n" LINE ", ," PMD "; server_max_window_bits=14,\r\n" LINE PMD "\r\n",
     OURS "; server_max_window_bits=14", 14},
};

TEST(the_first_acceptable_offer_is_taken_and_the_others_are_declined)
{
    for (size_t i = 0; i < sizeof offers / sizeof *offers; i++) {
        struct ws_extension agreed = {.answer = "nothing"};
        int expected = offers[i].answer == NULL ? 0 : 1;
        int result = negotiate(offers[i].headers, &agreed);
        if (result != expected)
            fail_msg("%d for %s", result, offers[i].headers);
        if (result == 1) {
            assert_string_equal(agreed.answer, offers[i].answer);
            assert_int_equal(agreed.window_bits, offers[i].window_bits);
        }
    }
}

static const char *const malformed[] = {
    LINE ";\r\n",
    LINE PMD ";\r\n",
    LINE PMD "; ;client_max_window_bits\r\n",
    LINE PMD " client_max_window_bits\r\n",
    LINE PMD "; client_max_window_bits=\r\n",
    LINE PMD "; client_max_window_bits==9\r\n",
    LINE PMD "; client_max_window_bits=\"\"\r\n",
    LINE PMD "; client_max_window_bits=\"9\r\n",
    LINE PMD "; client_max_window_bits=\"9\\\r\n",
    LINE PMD "; client_max_window_bits=\"9\"9\r\n",
    LINE PMD "; client_max_window_bits=\" 9\"\r\n",
    LINE PMD "; client_max_window_bits=\"9 \"\r\n",
    LINE PMD "; client_max_window_bits 9\r\n",
    LINE PMD "; =9\r\n",
    LINE "\"" PMD "\"\r\n",
    LINE PMD "/1\r\n",
    LINE PMD ", x-a; b=(\r\n",
    LINE PMD "\r\n" LINE "=\r\n",
    LINE "x-a; b=\"1,2\", " PMD "\r\n",
    LINE PMD "; level=\xff\r\n",
};

TEST(a_header_that_breaks_the_grammar_is_told)
{
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        struct ws_extension agreed;
        int result = negotiate(malformed[i], &agreed);
        if (result != ERR_FORMAT)
            fail_msg("%d for %s", result, malformed[i]);
    }
}

TEST(a_message_fits_a_window_when_it_is_no_longer)
{
    for (unsigned bits = 8; bits < 15; bits++) {
        assert_true(ws_extension_fits(bits, (size_t)1 << bits));
        assert_false(ws_extension_fits(bits, ((size_t)1 << bits) + 1));
    }
    assert_true(ws_extension_fits(15, (size_t)1 << 20));
}
