#include "codec/http.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/codec_transcript.h"
#include "tests/lib/test.h"

static const struct http_limits limits = {.head_bytes = 1024, .headers = 8};

struct vector {
    const char *text;
    size_t len; /* 0: it is a string */
    int status; /* 0: a request, or the beginning of one */
    const char *word;
};

#define H "Host: a\r\n"

/* The request; 0 and a word of its transcript, or the status and a word of the reason. */
static const struct vector vectors[] = {
    {"GET / HTTP/1.1\r\n" H "\r\n", 0, 0, "GET \"/\" \"/\" 1.1 keep-alive host 1 \"a\""},
    {"GET / HTTP/1.1\r\n" H "\r\nPUT /", 0, 0, "ends at 27\nend inside a request"},
    {"GET /a?b#c HTTP/1.1\r\n" H "\r\n", 0, 0, "\"/a?b#c\" \"/a\""},
    {"GET /%20a/../b HTTP/1.1\r\n" H "\r\n", 0, 0, "\"/%20a/../b\""},
    {"GET http://b.example:80/p/q?r HTTP/1.1\r\n" H "\r\n", 0, 0, " \"/p/q\" "},
    {"GET http://b.example HTTP/1.1\r\n" H "\r\n", 0, 0, " \"/\" 1.1"},
    {"GET http://b.example?q HTTP/1.1\r\n" H "\r\n", 0, 0, " \"/\" 1.1"},
    {"GET /a?to=http://b/c HTTP/1.1\r\n" H "\r\n", 0, 0, " \"/a\" 1.1"},
    {"OPTIONS * HTTP/1.1\r\n" H "\r\n", 0, 0, "OPTIONS \"*\" \"*\""},
    {"CONNECT b.example:443 HTTP/1.1\r\n" H "\r\n", 0, 0, "CONNECT \"b.example:443\""},
    {"\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n", 0, 0, "ends at 31\nend\n"},
    {"GET / HTTP/1.1\r\n" H "\r\nHEAD /b HTTP/1.1\r\n" H "\r\n", 0, 0, "HEAD \"/b\""},
    {"GET / HTTP/1.1\r\n" H "\r\n\r\n", 0, 0, "ends at 27\nend\n"},
    {"", 0, 0, "end\n"},
    {"\r\n", 0, 0, "end\n"},
    {"G", 0, 0, "end inside a request"},
    {"GET / HTTP/1.1\r\n" H "\r", 0, 0, "end inside a request"},
    /* keep-alive */
    {"GET / HTTP/1.1\r\n" H "Connection: close\r\n\r\n", 0, 0, "1.1 close"},
    {"GET / HTTP/1.1\r\n" H "Connection: x, Close\r\n\r\n", 0, 0, "1.1 close"},
    {"GET / HTTP/1.1\r\n" H "Connection: closed\r\n\r\n", 0, 0, "1.1 keep-alive"},
    {"GET / HTTP/1.2\r\n" H "\r\n", 0, 0, "1.1 keep-alive"},
    {"GET / HTTP/1.0\r\n\r\n", 0, 0, "1.0 close host 0"},
    {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", 0, 0, "1.0 keep-alive"},
    {"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", 0, 0, "1.0 close"},
    /* headers */
    {"GET / HTTP/1.1\r\n" H "X-A: \t one \t\r\n\r\n", 0, 0, "X-A 1 \"one\""},
    {"GET / HTTP/1.1\r\n" H "X-A:\r\n\r\n", 0, 0, "X-A 1 \"\""},
    {"GET / HTTP/1.1\r\n" H "x-a: one\r\nX-A: two\r\n\r\n", 0, 0, "X-A 2 \"one\""},
    {"GET / HTTP/1.1\r\n" H "X-A: caf\xc3\xa9 \"q\" : ;\r\n\r\n", 0, 0, "caf\\xc3\\xa9 \"q\" : ;"},
    {"GET / HTTP/1.1\r\nHost:\r\n\r\n", 0, 0, "host 1 \"\""},
    {"GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", 0, 0, "host 1 \"[::1]:8080\""},
    {"GET / HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n", 0, 0, "ends at"},
    {"GET / HTTP/1.1\r\n" H "Content-Length: 000\r\n\r\n", 0, 0, "ends at"},
    /* upgrades: what is behind the head belongs to another protocol */
    {"GET / HTTP/1.1\r\n" H "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x80\n\r", 0, 0,
     "handshake 400 ends at 68\nupgrade"},
    {"GET / HTTP/1.1\r\n" H "Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n", 0, 0,
     "ends at 62\nend\n"},
    /* the request line */
    {"get / HTTP/1.1\r\n", 0, 400, "method"},
    {"BREW / HTTP/1.1\r\n", 0, 400, "method"},
    {"\x16\x03\x01\x02", 0, 400, "printable"},
    {" GET / HTTP/1.1\r\n", 0, 400, "method"},
    {"GET  / HTTP/1.1\r\n", 0, 400, "space"},
    {"GET / HTTP/1.1 \r\n", 0, 400, ""},
    {"GET /a b HTTP/1.1\r\n", 0, 400, ""},
    {"GET /\r\n", 0, 400, "target"},
    {"GET\r\n", 0, 400, "method"},
    {"GET a HTTP/1.1\r\n", 0, 400, "URL"},
    {"GET /\x01 HTTP/1.1\r\n", 0, 400, "printable"},
    {"GET /\t HTTP/1.1\r\n", 0, 400, "printable"},
    {"GET /\x00 HTTP/1.1\r\n", 17, 400, "printable"},
    {"GET /caf\xc3\xa9 HTTP/1.1\r\n", 0, 400, "printable"},
    {"GET / HTTX/1.1\r\n" H "\r\n", 0, 400, "version"},
    {"GET / HTTP/x.1\r\n", 0, 400, "version"},
    {"GET / HTTP/1.12\r\n", 0, 400, "version"},
    {"SOURCE / ICE/1.0\r\n\r\n", 0, 400, "version"},
    {"GET / HTTP/2.0\r\n" H "\r\n", 0, 505, "HTTP/1"},
    {"GET / HTTP/0.9\r\n" H "\r\n", 0, 505, "HTTP/1"},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0, 400, "method"},
    /* ends of lines */
    {"GET / HTTP/1.1\n" H "\r\n", 0, 400, "CR LF"},
    {"GET / HTTP/1.1\r\nHost: a\n\r\n", 0, 400, "CR LF"},
    {"GET / HTTP/1.1\r\n" H "\n", 0, 400, "CR LF"},
    {"GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", 0, 400, "CR LF"},
    {"GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", 0, 400, "CR LF"},
    {"\nGET / HTTP/1.1\r\n", 0, 400, "CR LF"},
    {"\rGET / HTTP/1.1\r\n", 0, 400, "CR LF"},
    /* headers that are malformed */
    {"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", 0, 400, "white space"},
    {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", 0, 400, "white space"},
    {"GET / HTTP/1.1\r\nHost: a\r\n\tb\r\n\r\n", 0, 400, "white space"},
    {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 0, 400, "name"},
    {"GET / HTTP/1.1\r\n" H "X A: b\r\n\r\n", 0, 400, "name"},
    {"GET / HTTP/1.1\r\n" H ": b\r\n\r\n", 0, 400, ""},
    {"GET / HTTP/1.1\r\n" H "nothing\r\n\r\n", 0, 400, ""},
    {"GET / HTTP/1.1\r\n" H "X\xc3\xa9: b\r\n\r\n", 0, 400, ""},
    {"GET / HTTP/1.1\r\n" H "X(: b\r\n\r\n", 0, 400, ""},
    {"GET / HTTP/1.1\r\n" H "X-A: b\x00\r\n\r\n", 34, 400, "control"},
    {"GET / HTTP/1.1\r\n" H "X-A: b\x07\r\n\r\n", 0, 400, "control"},
    {"GET / HTTP/1.1\r\n" H "X-A: b\x7f\r\n\r\n", 0, 400, "control"},
    {"GET / HTTP/1.1\r\n" H "X\x01: b\r\n\r\n", 0, 400, ""},
    /* Host */
    {"GET / HTTP/1.1\r\n\r\n", 0, 400, "no Host"},
    {"GET / HTTP/1.1\r\nX-Host: a\r\n\r\n", 0, 400, "no Host"},
    {"GET / HTTP/1.1\r\n" H H "\r\n", 0, 400, "more than one Host"},
    {"GET / HTTP/1.0\r\n" H "host: b\r\n\r\n", 0, 400, "more than one Host"},
    {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 0, 400, "malformed"},
    {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 0, 400, "malformed"},
    {"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 0, 400, "malformed"},
    /* bodies */
    {"POST / HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabc", 0, 413, "body"},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 18446744073709551616\r\n\r\n", 0, 400, ""},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 3\r\nContent-Length: 4\r\n\r\n", 0, 400, ""},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 3\r\nContent-Length: 3\r\n\r\n", 0, 400, ""},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 0, 0\r\n\r\n", 0, 400, ""},
    {"POST / HTTP/1.1\r\n" H "Content-Length: -1\r\n\r\n", 0, 400, ""},
    {"POST / HTTP/1.1\r\n" H "Content-Length: +1\r\n\r\n", 0, 400, ""},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 0x1\r\n\r\n", 0, 400, ""},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 1 2\r\n\r\n", 0, 400, ""},
    {"POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n", 0, 400, ""},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n", 0, 413, "chunked"},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n", 0, 413, "chunked"},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip\r\n\r\n", 0, 501, "coding"},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n", 0, 501, "coding"},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n", 0,
     501, "coding"},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n", 0, 501, "coding"},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding : chunked\r\n\r\n", 0, 400, "name"},
    {"POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n", 0, 400, "1.0"},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 0, 400, ""},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n", 0, 400, ""},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip\r\nContent-Length: 3\r\n\r\n", 0, 400, ""},
    {"GET / HTTP/1.1\r\n" H
     "Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 1\r\n\r\nx",
     0, 413, "body"},
};

/* The same, where bodies of up to 8 bytes are taken. */
#define POST "POST / HTTP/1.1\r\n" H
static const struct vector body_vectors[] = {
    {POST "Content-Length: 3\r\n\r\nabcGET", 0, 0, "body \"abc\" ends at 50\nend inside"},
    {POST "Content-Length: 3\r\n\r\na\r\n" POST "\r\n", 0, 0,
     "body \"a\\x0d\\x0a\" ends at 50\nPOST"},
    {POST "Content-Length: 008\r\n\r\n12345678", 0, 0, "body \"12345678\""},
    {POST "Content-Length: 3\r\n\r\nab", 0, 0, "end inside a request"},
    {POST "Content-Length: 3\r\n\r\n", 0, 0, "end inside a request"},
    {POST "Content-Length: 3\r\n\r\n\x00\xff\n", 50, 0, "body \"\\x00\\xff\\x0a\""},
    {POST "Content-Length: 0\r\n\r\n", 0, 0, "ends at 47\nend\n"},
    {POST "\r\n", 0, 0, "ends at 28\nend\n"},
    {"GET / HTTP/1.0\r\nContent-Length: 1\r\n\r\nx", 0, 0, "body \"x\""},
    {POST "Content-Length: 9\r\n\r\n", 0, 413, "too big"},
    {POST "Content-Length: 9\r\nExpect: 100-continue\r\n\r\n", 0, 413, "too big"},
    {POST "Content-Length: 922337203685477580\r\n\r\n", 0, 413, "too big"},
    {POST "Content-Length: 18446744073709551617\r\n\r\n", 0, 400, ""},
    {POST "Content-Length: 3, 3\r\n\r\nabc", 0, 400, ""},
    {POST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 0, 400, ""},
    {POST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc", 0, 400, ""},
    {POST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 0, 413, "chunked"},
    {POST "Transfer-Encoding: gzip\r\n\r\n", 0, 501, "coding"},
    {POST "Content-Length: 3\r\nExpect: 100-Continue\r\n\r\nabc", 0, 0,
     "continue at 69\nPOST \"/\""},
    {POST "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n", 0, 0,
     "continue at 69\nend inside a request"},
    {POST "Content-Length: 0\r\nExpect: 100-continue\r\n\r\n", 0, 0, "ends at 69\nend\n"},
    {POST "Expect: 100-continue\r\n\r\n", 0, 0, "ends at 50\nend\n"},
    {"POST / HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\nx", 0, 0, "body \"x\""},
    {POST "Content-Length: 3\r\nExpect: tea\r\n\r\nabc", 0, 417, "expectation"},
    {POST "Content-Length: 3\r\nExpect: 100-continue, tea\r\n\r\nabc", 0, 417, "expectation"},
    {POST "Content-Length: 3\r\nExpect: 100-continue\r\nExpect: 100-continue\r\n\r\n", 0, 417, ""},
};

static struct span bytes_of(const struct vector *vector)
{
    return vector->len > 0 ? span_of(vector->text, vector->len) : span_of_text(vector->text);
}

/* NUL-terminated, owned by the caller. */
static struct buf transcript_of(const struct http_script *script, struct cut cut)
{
    struct buf transcript = {0};
    http_transcribe(&transcript, script, cut);
    assert_int_equal(buf_append(&transcript, span_of("", 1)), 0);
    return transcript;
}

static void expect_vector(const struct vector *vector, size_t body_bytes)
{
    struct http_script script = {.limits = limits, .bytes = bytes_of(vector)};
    script.limits.body_bytes = body_bytes;
    struct buf whole = transcript_of(&script, (struct cut){.guarded = true});
    const char *text = (const char *)whole.data;
    char start[32] = "";
    if (vector->status != 0)
        snprintf(start, sizeof start, "fault %d ", vector->status);
    bool right = vector->status == 0 ? strstr(text, "fault") == NULL
                                     : strncmp(text, start, strlen(start)) == 0;
    if (!right || strstr(text, vector->word) == NULL)
        fail_msg("%s%s for\n%s", text, vector->word, vector->text);
    struct cut cut = {.kind = CUT_EVERYWHERE, .guarded = true};
    for (cut.number = 0; cut.number <= script.bytes.len; cut.number++) {
        struct buf other = transcript_of(&script, cut);
        assert_string_equal((const char *)other.data, text);
        buf_fini(&other);
        cut.kind = CUT_ONCE;
    }
    buf_fini(&whole);
}

TEST(each_request_is_read_the_same_whole_byte_by_byte_split_and_before_a_guard_page)
{
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        expect_vector(&vectors[i], 0);
}

TEST(each_body_is_read_the_same_whole_byte_by_byte_split_and_before_a_guard_page)
{
    for (size_t i = 0; i < sizeof body_vectors / sizeof *body_vectors; i++)
        expect_vector(&body_vectors[i], 8);
}

/* A request whose head is that long, all but its skeleton in the target or in a header. */
static struct buf request_of(size_t bytes, bool in_target)
{
    static const char before[] = "GET /";
    static const char between[] = " HTTP/1.1\r\nHost: a\r\nX-A: ";
    struct buf request = {0};
    size_t filler = bytes - sizeof before - sizeof between + 2 - 4;
    assert_int_equal(buf_append_text(&request, before), 0);
    for (size_t i = 0; in_target && i < filler; i++)
        assert_int_equal(buf_append_text(&request, "t"), 0);
    assert_int_equal(buf_append_text(&request, between), 0);
    for (size_t i = 0; !in_target && i < filler; i++)
        assert_int_equal(buf_append_text(&request, "h"), 0);
    assert_int_equal(buf_append_text(&request, "\r\n\r\n"), 0);
    assert_int_equal(request.len, bytes);
    return request;
}

static void expect_start(struct span bytes, const char *start)
{
    static const enum cut_kind kinds[] = {CUT_NOWHERE, CUT_EVERYWHERE, CUT_AT_RANDOM};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct http_script script = {.limits = limits, .bytes = bytes};
        struct buf transcript = transcript_of(&script, (struct cut){.kind = kinds[i], .number = i});
        if (strncmp((const char *)transcript.data, start, strlen(start)) != 0)
            fail_msg("%s instead of %s", (const char *)transcript.data, start);
        buf_fini(&transcript);
    }
}

static void expect_start_of_request(size_t bytes, bool in_target, const char *start)
{
    struct buf request = request_of(bytes, in_target);
    expect_start(buf_span(&request), start);
    buf_fini(&request);
}

TEST(a_head_of_just_the_limit_is_taken_and_one_byte_more_is_431)
{
    expect_start_of_request(limits.head_bytes, false, "GET ");
    expect_start_of_request(limits.head_bytes + 1, false, "fault 431 header_too_big");
    expect_start_of_request(limits.head_bytes, true, "GET ");
    expect_start_of_request(limits.head_bytes + 1, true, "fault 431 header_too_big");
}

TEST(a_request_line_longer_than_the_limit_is_414)
{
    expect_start_of_request(limits.head_bytes + 100, true, "fault 414 header_too_big");
}

TEST(more_headers_than_the_limit_are_431)
{
    struct buf request = {0};
    assert_int_equal(buf_append_text(&request, "GET / HTTP/1.1\r\nHost: a\r\n"), 0);
    for (size_t i = 1; i < limits.headers; i++)
        assert_int_equal(buf_append_text(&request, "A: b\r\n"), 0);
    size_t before = request.len;
    assert_int_equal(buf_append_text(&request, "\r\n"), 0);
    expect_start(buf_span(&request), "GET ");
    request.len = before;
    assert_int_equal(buf_append_text(&request, "A: b\r\n\r\n"), 0);
    expect_start(buf_span(&request), "fault 431 header_too_big");
    buf_fini(&request);
}

TEST(empty_lines_before_a_request_count_against_the_limit_too)
{
    struct buf lines = {0};
    for (size_t i = 0; i < limits.head_bytes; i += 2)
        assert_int_equal(buf_append_text(&lines, "\r\n"), 0);
    expect_start(buf_span(&lines), "end\n");
    assert_int_equal(buf_append_text(&lines, "\r\n"), 0);
    expect_start(buf_span(&lines), "fault 431");
    buf_fini(&lines);
}

TEST(the_largest_limit_is_64_kib_whatever_is_asked_for)
{
    struct buf request = request_of(65536, false);
    struct http_script script = {.limits = {.head_bytes = SIZE_MAX, .headers = 8},
                                 .bytes = buf_span(&request)};
    struct buf transcript = transcript_of(&script, (struct cut){0});
    assert_memory_equal(transcript.data, "GET ", 4);
    buf_fini(&transcript);
    buf_fini(&request);
    request = request_of(65537, false);
    script.bytes = buf_span(&request);
    transcript = transcript_of(&script, (struct cut){0});
    assert_memory_equal(transcript.data, "fault 431", 9);
    buf_fini(&transcript);
    buf_fini(&request);
}

static enum http_read read_text(struct http_reader *reader, const char *text)
{
    size_t taken;
    int status;
    struct fault fault;
    return http_read(reader, span_of_text(text), &taken, &status, &fault);
}

TEST(a_reader_knows_whether_a_request_has_begun_and_forgets_it_at_next)
{
    struct http_reader *reader = http_reader_new(&limits);
    assert_false(http_reader_has_begun(reader));
    assert_int_equal(read_text(reader, "\r\n"), HTTP_READ_MORE);
    assert_false(http_reader_has_begun(reader));
    assert_int_equal(read_text(reader, "G"), HTTP_READ_MORE);
    assert_true(http_reader_has_begun(reader));
    assert_int_equal(read_text(reader, "ET / HTTP/1.1\r\nHost: a\r\n\r\n"), HTTP_READ_REQUEST);
    assert_int_equal(http_header_count(reader, "Host"), 1);
    http_reader_next(reader);
    assert_false(http_reader_has_begun(reader));
    assert_int_equal(http_header_count(reader, "Host"), 0);
    assert_int_equal(read_text(reader, "GET /2 HTTP/1.0\r\n\r\n"), HTTP_READ_REQUEST);
    assert_true(span_equals(http_path(reader), span_of_text("/2")));
    http_reader_free(&reader);
    http_reader_free(&reader);
}

TEST(tokens_are_found_in_lists_over_all_lines_of_a_header)
{
    struct http_reader *reader = http_reader_new(&limits);
    assert_int_equal(read_text(reader, "GET / HTTP/1.0\r\nX-A: one ,, Two\r\nX-B: three\r\n"
                                       "x-a:\t,four five,\r\nX-C:\r\n\r\n"),
                     HTTP_READ_REQUEST);
    assert_true(http_header_has_token(reader, "X-A", "one"));
    assert_true(http_header_has_token(reader, "x-a", "TWO"));
    assert_true(http_header_has_token(reader, "X-A", "four five"));
    assert_false(http_header_has_token(reader, "X-A", "four"));
    assert_false(http_header_has_token(reader, "X-A", "three"));
    assert_false(http_header_has_token(reader, "X-A", ""));
    assert_false(http_header_has_token(reader, "X-C", ""));
    assert_false(http_header_has_token(reader, "X-D", "one"));
    assert_null(http_header(reader, "X-D").data);
    assert_non_null(http_header(reader, "X-C").data);
    http_reader_free(&reader);
}

TEST(without_memory_a_request_is_refused_with_503)
{
    mem_fail_after(0);
    assert_null(http_reader_new(&limits));
    struct http_reader *reader = http_reader_new(&limits);
    size_t taken;
    int status = 0;
    struct fault fault = {0};
    mem_fail_after(0);
    assert_int_equal(
        http_read(reader, span_of_text("GET / HTTP/1.0\r\n\r\n"), &taken, &status, &fault),
        HTTP_READ_FAULT);
    mem_fail_after(-1);
    assert_int_equal(status, 503);
    assert_int_equal(fault.code, FAULT_out_of_memory);
    http_reader_free(&reader);
}

TEST(without_memory_a_body_is_refused_with_503)
{
    struct http_limits with_body = {.head_bytes = 1024, .headers = 8, .body_bytes = 8};
    struct http_reader *reader = http_reader_new(&with_body);
    size_t taken;
    int status = 0;
    struct fault fault = {0};
    assert_int_equal(read_text(reader, POST "Content-Length: 3\r\n\r\n"), HTTP_READ_MORE);
    mem_fail_after(0);
    assert_int_equal(http_read(reader, span_of_text("abc"), &taken, &status, &fault),
                     HTTP_READ_FAULT);
    mem_fail_after(-1);
    assert_int_equal(status, 503);
    http_reader_free(&reader);
}

TEST(a_body_is_forgotten_at_next)
{
    struct http_limits with_body = {.head_bytes = 1024, .headers = 8, .body_bytes = 8};
    struct http_reader *reader = http_reader_new(&with_body);
    assert_int_equal(read_text(reader, POST "Content-Length: 3\r\n\r\nabc"), HTTP_READ_REQUEST);
    assert_true(span_equals(http_body(reader), span_of_text("abc")));
    http_reader_next(reader);
    assert_int_equal(read_text(reader, POST "\r\n"), HTTP_READ_REQUEST);
    assert_int_equal(http_body(reader).len, 0);
    http_reader_free(&reader);
}

static void expect_answer(const struct http_answer *answer, const char *text)
{
    struct buf out = {0};
    assert_int_equal(http_write_answer(&out, answer), 0);
    assert_int_equal(buf_append(&out, span_of("", 1)), 0);
    assert_string_equal((const char *)out.data, text);
    buf_fini(&out);
}

TEST(an_answer_has_its_status_its_length_and_whether_the_connection_stays)
{
    expect_answer(&(struct http_answer){.status = 200,
                                        .content_type = "text/plain",
                                        .body = span_of_text("ok\n"),
                                        .keep_alive = true},
                  "HTTP/1.1 200 OK\r\nServer: spectate\r\nConnection: keep-alive\r\n"
                  "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: "
                  "no-referrer\r\nContent-Length: 3\r\nContent-Type: text/plain\r\n\r\nok\n");
    expect_answer(&(struct http_answer){.status = 200,
                                        .content_type = "text/plain",
                                        .body = span_of_text("ok\n"),
                                        .head_only = true},
                  "HTTP/1.1 200 OK\r\nServer: spectate\r\nConnection: close\r\n"
                  "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: "
                  "no-referrer\r\nContent-Length: 3\r\nContent-Type: text/plain\r\n\r\n");
    expect_answer(
        &(struct http_answer){.status = 426, .extra_headers = "Sec-WebSocket-Version: 13\r\n"},
        "HTTP/1.1 426 Upgrade Required\r\nServer: spectate\r\nConnection: close\r\n"
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: "
        "no-referrer\r\nContent-Length: 0\r\nSec-WebSocket-Version: 13\r\n\r\n");
}

TEST(an_answer_without_memory_leaves_what_was_there)
{
    for (long successes = 0; successes < 3; successes++) {
        struct buf out = {0};
        assert_int_equal(buf_append_text(&out, "before"), 0);
        static char body[4096];
        struct http_answer answer = {
            .status = 200, .content_type = "text/plain", .body = span_of(body, sizeof body)};
        mem_fail_after(successes);
        int err = http_write_answer(&out, &answer);
        mem_fail_after(-1);
        if (err == 0)
            assert_true(out.len > sizeof body);
        else
            assert_int_equal(out.len, 6);
        assert_memory_equal(out.data, "before", 6);
        buf_fini(&out);
    }
}

TEST(statuses_have_their_names_and_unknown_ones_have_none)
{
    assert_string_equal(http_status_text(404), "Not Found");
    assert_string_equal(http_status_text(431), "Request Header Fields Too Large");
    assert_string_equal(http_status_text(299), "");
    assert_string_equal(http_status_text(0), "");
}

static bool takes_posts(const char *method, struct span path)
{
    return strcmp(method, "POST") == 0 && span_equals(path, span_of_text("/in"));
}

/* 0: it is read. `is_known`: the head can be asked about after the refusal. */
static void expect_taken(const char *text, int expected, bool is_known)
{
    struct http_limits some = {
        .head_bytes = 1024, .headers = 8, .body_bytes = 3, .takes_body = takes_posts};
    struct http_reader *reader = http_reader_new(&some);
    struct fault fault;
    size_t taken;
    int status;
    enum http_read result = http_read(reader, span_of_text(text), &taken, &status, &fault);
    assert_int_equal(result, expected == 0 ? HTTP_READ_REQUEST : HTTP_READ_FAULT);
    assert_int_equal(status, expected);
    assert_int_equal(http_head_is_known(reader), is_known);
    if (is_known)
        assert_true(http_path(reader).len > 0);
    http_reader_free(&reader);
}

TEST(a_body_is_taken_where_it_may_be_and_the_head_of_one_that_is_not_is_known)
{
    expect_taken("POST /in?x HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\nabc", 0, true);
    expect_taken("POST /in HTTP/1.1\r\n" H "Content-Length: 4\r\n\r\n", 413, true);
    expect_taken("POST /out HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\n", 413, true);
    expect_taken("PUT /in HTTP/1.1\r\n" H "Content-Length: 3\r\n\r\n", 413, true);
    expect_taken("POST /in HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n", 413, true);
    expect_taken("POST /in HTTP/1.1\r\nContent-Length: 3\r\n\r\n", 400, false);
}

static void expect_written(const struct http_answer *answer, const char *word, bool is_there)
{
    struct buf out = {0};
    assert_int_equal(http_write_answer(&out, answer), 0);
    assert_int_equal(buf_append(&out, span_of("", 1)), 0);
    assert_int_equal(strstr((const char *)out.data, word) != NULL, is_there);
    buf_fini(&out);
}

TEST(how_long_an_answer_is_is_told_in_one_way)
{
    expect_written(&(struct http_answer){.status = 204}, "Content-Length", false);
    expect_written(&(struct http_answer){.status = 304}, "Content-Length", false);
    expect_written(&(struct http_answer){.status = 200}, "Content-Length: 0\r\n", true);
    struct http_answer chunked = {.status = 200, .form = HTTP_BODY_IN_CHUNKS};
    expect_written(&chunked, "Transfer-Encoding: chunked\r\n", true);
    expect_written(&chunked, "Content-Length", false);
    struct http_answer open = {.status = 200, .form = HTTP_BODY_TO_THE_END};
    expect_written(&open, "Content-Length", false);
    expect_written(&open, "Transfer-Encoding", false);
    expect_written(&open, "Cache-Control: no-store\r\n", true);
    open.cache_control = "private";
    expect_written(&open, "Cache-Control: private\r\n", true);
}

TEST(chunks_tell_their_length_and_an_empty_one_is_none)
{
    struct buf out = {0};
    assert_int_equal(http_write_chunk(&out, span_of_text("seventeen bytes !")), 0);
    assert_int_equal(http_write_chunk(&out, span_of_text("")), 0);
    assert_int_equal(http_write_last_chunk(&out), 0);
    assert_true(span_equals(buf_span(&out), span_of_text("11\r\nseventeen bytes !\r\n0\r\n\r\n")));
    buf_fini(&out);
}
