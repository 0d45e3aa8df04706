#include "codec/ws_handshake.h"

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/guard.h"
#include "tests/lib/test.h"

#define KEY "dGhlIHNhbXBsZSBub25jZQ==" /* RFC 6455 section 1.3 */
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

static const struct http_limits limits = {.head_bytes = 8192, .headers = 64};

static struct http_reader *read_request(const char *text)
{
    struct http_reader *reader = http_reader_new(&limits);
    size_t taken;
    int status = 0;
    struct fault fault;
    if (http_read(reader, span_of_text(text), &taken, &status, &fault) != HTTP_READ_REQUEST)
        fail_msg("status %d for\n%s", status, text);
    return reader;
}

#define HEAD(lines) "GET /live HTTP/1.1\r\nHost: a.example\r\n" lines "\r\n"
#define UPGRADE "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define KEY_LINE "Sec-WebSocket-Key: " KEY "\r\n"

/* What is asked, the status, and a word of the reason. */
static const struct {
    const char *request;
    int status;
    const char *reason;
} handshakes[] = {
    {HEAD(UPGRADE KEY_LINE VERSION), 101, NULL},
    {HEAD("upgrade: WebSocket\r\nCONNECTION: keep-alive, upgrade\r\n" KEY_LINE VERSION), 101, NULL},
    {HEAD("Upgrade: h2c, websocket\r\nConnection: Upgrade\r\n" KEY_LINE VERSION), 101, NULL},
    {HEAD("Upgrade: websocket\r\nConnection: keep-alive\r\nConnection: Upgrade\r\n" KEY_LINE
              VERSION),
     101, NULL},
    {HEAD(UPGRADE "Sec-WebSocket-Key:" KEY "\r\nSec-WebSocket-Version:13\r\n"), 101, NULL},
    {HEAD(UPGRADE "Sec-WebSocket-Key:  \t" KEY " \r\n" VERSION), 101, NULL},
    {HEAD(UPGRADE KEY_LINE VERSION "Sec-WebSocket-Extensions: permessage-deflate\r\n"), 101, NULL},
    {HEAD(UPGRADE KEY_LINE VERSION "Origin: https://b.example\r\n"), 101, NULL},
    {"POST / HTTP/1.1\r\nHost: a\r\n" UPGRADE KEY_LINE VERSION "\r\n", 405, "GET"},
    {"HEAD / HTTP/1.1\r\nHost: a\r\n" UPGRADE KEY_LINE VERSION "\r\n", 405, "GET"},
    {"GET / HTTP/1.0\r\nHost: a\r\n" UPGRADE KEY_LINE VERSION "\r\n", 400, "HTTP/1.1"},
    {"GET / HTTP/1.0\r\n" UPGRADE KEY_LINE VERSION "\r\n", 400, "HTTP/1.1"},
    {HEAD("Connection: Upgrade\r\n" KEY_LINE VERSION), 400, "Upgrade"},
    {HEAD("Upgrade: h2c\r\nConnection: Upgrade\r\n" KEY_LINE VERSION), 400, "Upgrade"},
    {HEAD("Upgrade: websockets\r\nConnection: Upgrade\r\n" KEY_LINE VERSION), 400, "Upgrade"},
    {HEAD("Upgrade: websocket\r\n" KEY_LINE VERSION), 400, "Connection"},
    {HEAD("Upgrade: websocket\r\nConnection: close\r\n" KEY_LINE VERSION), 400, "Connection"},
    {HEAD(UPGRADE VERSION), 400, "Key"},
    {HEAD(UPGRADE KEY_LINE KEY_LINE VERSION), 400, "Key"},
    {HEAD(UPGRADE "Sec-WebSocket-Key:\r\n" VERSION), 400, "Key"},
    {HEAD(UPGRADE "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ\r\n" VERSION), 400, "Key"},
    {HEAD(UPGRADE "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=\r\n" VERSION), 400, "Key"},
    {HEAD(UPGRADE "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZTE=\r\n" VERSION), 400, "Key"},
    {HEAD(UPGRADE "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==x\r\n" VERSION), 400, "Key"},
    {HEAD(UPGRADE "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j Q==\r\n" VERSION), 400, "Key"},
    {HEAD(UPGRADE "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j-Q==\r\n" VERSION), 400, "Key"},
    {HEAD(UPGRADE KEY_LINE), 400, "Version"},
    {HEAD(UPGRADE KEY_LINE VERSION VERSION), 400, "Version"},
    {HEAD(UPGRADE KEY_LINE "Sec-WebSocket-Version: 8\r\n"), 426, "13"},
    {HEAD(UPGRADE KEY_LINE "Sec-WebSocket-Version: 14\r\n"), 426, "13"},
    {HEAD(UPGRADE KEY_LINE "Sec-WebSocket-Version: 130\r\n"), 426, "13"},
    {HEAD(UPGRADE KEY_LINE "Sec-WebSocket-Version: 13, 8\r\n"), 426, "13"},
    {HEAD(UPGRADE KEY_LINE "Sec-WebSocket-Version:\r\n"), 426, "13"},
};

TEST(each_handshake_gets_the_status_of_its_fault_and_a_reason)
{
    for (size_t i = 0; i < sizeof handshakes / sizeof *handshakes; i++) {
        struct http_reader *request = read_request(handshakes[i].request);
        struct fault fault = {0};
        int status = ws_handshake_check(request, &fault);
        if (status != handshakes[i].status)
            fail_msg("%d instead of %d for\n%s", status, handshakes[i].status,
                     handshakes[i].request);
        if (handshakes[i].reason != NULL) {
            assert_int_equal(fault.code, FAULT_bad_handshake);
            assert_non_null(strstr(fault.message, handshakes[i].reason));
        }
        http_reader_free(&request);
    }
}

TEST(an_upgrade_is_wanted_when_the_header_names_websocket_well_formed_or_not)
{
    static const struct {
        const char *request;
        bool wanted;
    } cases[] = {
        {HEAD(UPGRADE), true},
        {HEAD("Upgrade: WEBSOCKET\r\n"), true},
        {HEAD("Upgrade: h2c\r\nUpgrade: websocket\r\n"), true},
        {HEAD("Connection: Upgrade\r\n"), false},
        {HEAD("Upgrade: h2c\r\n"), false},
        {HEAD("Upgrade:\r\n"), false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_reader *request = read_request(cases[i].request);
        assert_int_equal(ws_handshake_is_wanted(request), cases[i].wanted);
        http_reader_free(&request);
    }
}

TEST(the_accept_key_is_the_one_of_the_rfc)
{
    char accept[WS_ACCEPT_BYTES + 1];
    ws_handshake_accept_key(span_of_text(KEY), accept);
    assert_string_equal(accept, ACCEPT);
}

static void expect_text(const struct buf *buf, const char *text)
{
    assert_int_equal(buf->len, strlen(text));
    assert_memory_equal(buf->data, text, buf->len);
}

#define ANSWER                                                                                     \
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"            \
    "Sec-WebSocket-Accept: " ACCEPT "\r\n"

TEST(the_answer_accepts_with_and_without_a_subprotocol_and_an_extension)
{
    struct http_reader *request = read_request(HEAD(UPGRADE KEY_LINE VERSION));
    struct buf out = {0};
    assert_int_equal(ws_handshake_accept(request, NULL, NULL, &out), 0);
    expect_text(&out, ANSWER "\r\n");
    out.len = 0;
    assert_int_equal(ws_handshake_accept(request, "spectate.v1", NULL, &out), 0);
    expect_text(&out, ANSWER "Sec-WebSocket-Protocol: spectate.v1\r\n\r\n");
    out.len = 0;
    assert_int_equal(ws_handshake_accept(request, NULL, "permessage-deflate", &out), 0);
    expect_text(&out, ANSWER "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
    out.len = 0;
    assert_int_equal(ws_handshake_accept(request, "spectate.v1", "x-a; b=1", &out), 0);
    expect_text(&out, ANSWER "Sec-WebSocket-Protocol: spectate.v1\r\n"
                             "Sec-WebSocket-Extensions: x-a; b=1\r\n\r\n");
    buf_fini(&out);
    mem_fail_after(0);
    assert_int_equal(ws_handshake_accept(request, NULL, NULL, &out), ERR_NO_MEMORY);
    mem_fail_after(-1);
    assert_int_equal(out.len, 0);
    http_reader_free(&request);
}

static int read_answer(const char *text, const char *subprotocol, struct fault *fault)
{
    struct guard guard = guard_copy(text, strlen(text));
    int result = ws_handshake_read_answer(span_of(guard.data, guard.len), KEY, subprotocol, fault);
    guard_fini(&guard);
    return result;
}

TEST(a_client_takes_the_answer_at_its_last_byte_and_nothing_behind_it)
{
    static const char answer[] = ANSWER "\r\n\x81\x02ok";
    size_t head = sizeof answer - 1 - 4;
    for (size_t len = 0; len < sizeof answer; len++) {
        struct guard guard = guard_copy(answer, len);
        struct fault fault;
        int result = ws_handshake_read_answer(span_of(guard.data, len), KEY, NULL, &fault);
        assert_int_equal(result, len < head ? 0 : (int)head);
        guard_fini(&guard);
    }
}

#define START "HTTP/1.1 101 Switching Protocols\r\n"
#define ACCEPT_LINE "Sec-WebSocket-Accept: " ACCEPT "\r\n"

static const struct {
    const char *answer;
    const char *subprotocol;
    const char *reason; /* NULL: taken */
} answers[] = {
    {START UPGRADE ACCEPT_LINE "\r\n", NULL, NULL},
    {"HTTP/1.1 101 \r\n" UPGRADE ACCEPT_LINE "\r\n", NULL, NULL},
    {START "upgrade: WebSocket\r\nconnection: x, upgrade\r\nsec-websocket-accept:" ACCEPT
           "\r\n\r\n",
     NULL, NULL},
    {START UPGRADE ACCEPT_LINE "Sec-WebSocket-Protocol: a\r\n\r\n", "a", NULL},
    {START UPGRADE ACCEPT_LINE "Sec-WebSocket-Protocol: b\r\n\r\n", "a", "subprotocol"},
    {START UPGRADE ACCEPT_LINE "Sec-WebSocket-Protocol: a\r\n\r\n", NULL, "subprotocol"},
    {START UPGRADE ACCEPT_LINE "\r\n", "a", "subprotocol"},
    {"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", NULL, "503"},
    {"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", NULL, "404"},
    {START "Connection: Upgrade\r\n" ACCEPT_LINE "\r\n", NULL, "Upgrade"},
    {START "Upgrade: websocket\r\n" ACCEPT_LINE "\r\n", NULL, "Connection"},
    {START UPGRADE "\r\n", NULL, "Accept"},
    {START UPGRADE ACCEPT_LINE ACCEPT_LINE "\r\n", NULL, "Accept"},
    {START UPGRADE "Sec-WebSocket-Accept: t3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n", NULL, "Accept"},
    {START UPGRADE "Sec-WebSocket-Accept: S3PPLMBITXAQ9KYGZZHZRBK+XOO=\r\n\r\n", NULL, "Accept"},
    {START UPGRADE ACCEPT_LINE "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", NULL,
     "extension"},
    {"SSH-2.0-OpenSSH_9.2\r\n", NULL, "HTTP"},
    {"HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\n\n", NULL, "HTTP"},
    {START UPGRADE ACCEPT_LINE "X-A: b\n\r\n\r\n", NULL, "HTTP"},
};

TEST(an_answer_is_taken_only_when_it_is_right)
{
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct fault fault = {0};
        int result = read_answer(answers[i].answer, answers[i].subprotocol, &fault);
        bool right = answers[i].reason == NULL
                         ? result == (int)strlen(answers[i].answer)
                         : result == ERR_FORMAT && strstr(fault.message, answers[i].reason) != NULL;
        if (!right)
            fail_msg("%d (%s) for\n%s", result, fault.message, answers[i].answer);
    }
}

TEST(an_answer_over_8_kib_is_too_big)
{
    struct buf answer = {0};
    assert_int_equal(buf_append_text(&answer, START "X-Filler: "), 0);
    struct fault fault = {0};
    while (answer.len < 8192)
        assert_int_equal(buf_append_text(&answer, "x"), 0);
    assert_int_equal(ws_handshake_read_answer(buf_span(&answer), KEY, NULL, &fault), 0);
    assert_int_equal(buf_append_text(&answer, "x"), 0);
    assert_int_equal(ws_handshake_read_answer(buf_span(&answer), KEY, NULL, &fault), ERR_TOO_BIG);
    buf_fini(&answer);
}

TEST(what_our_client_asks_our_server_accepts_and_our_client_takes)
{
    struct ws_client_request ask = {
        .host = "a.example:8080", .path = "/live?x=1", .subprotocol = "spectate.v1"};
    char key[WS_KEY_BYTES + 1];
    struct buf text = {0};
    struct buf answer = {0};
    assert_int_equal(ws_handshake_request(&ask, key, &text), 0);
    assert_int_equal(buf_append(&text, span_of("", 1)), 0);
    struct http_reader *request = read_request((const char *)text.data);
    struct fault fault;
    assert_int_equal(ws_handshake_check(request, &fault), 101);
    assert_true(http_header_has_token(request, "Sec-WebSocket-Protocol", "spectate.v1"));
    assert_true(span_equals(http_header(request, "Host"), span_of_text("a.example:8080")));
    assert_int_equal(ws_handshake_accept(request, "spectate.v1", NULL, &answer), 0);
    assert_int_equal(ws_handshake_read_answer(buf_span(&answer), key, "spectate.v1", &fault),
                     (int)answer.len);
    http_reader_free(&request);
    buf_fini(&text);
    buf_fini(&answer);
}

TEST(a_client_shows_its_token_in_a_header_of_its_own)
{
    static const char header[] = "\r\nAuthorization: Bearer a.b.c\r\n\r\n";
    char key[WS_KEY_BYTES + 1];
    struct buf text = {0};
    struct ws_client_request ask = {.host = "a", .path = "/", .token = span_of_text("a.b.c")};
    assert_int_equal(ws_handshake_request(&ask, key, &text), 0);
    assert_memory_equal(text.data + text.len - (sizeof header - 1), header, sizeof header - 1);
    buf_fini(&text);
}

TEST(each_request_has_a_key_of_its_own)
{
    struct ws_client_request ask = {.host = "a", .path = "/"};
    char keys[2][WS_KEY_BYTES + 1];
    struct buf text = {0};
    assert_int_equal(ws_handshake_request(&ask, keys[0], &text), 0);
    assert_int_equal(ws_handshake_request(&ask, keys[1], &text), 0);
    assert_string_not_equal(keys[0], keys[1]);
    buf_fini(&text);
}
