#include "codec/proxy_protocol.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/guard.h"
#include "tests/lib/test.h"

struct vector {
    const char *bytes;
    size_t len;           /* 0: it is a string */
    const char *expected; /* "ADDRESS PORT", "unknown", "fault" or "more" */
    size_t behind;        /* bytes that are not part of it */
};

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V2(fixed_and_rest) SIGNATURE fixed_and_rest, sizeof SIGNATURE fixed_and_rest - 1
#define SOURCE4 "\x0a\x01\x02\x03\x0a\0\0\x01\xdc\x04\x01\xbb"
#define SOURCE6                                                                                    \
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x08"         \
    "\xff\xff\x01\xbb"

static const struct vector vectors[] = {
    /* the example of section 2.1, and the longest lines */
    {"PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\nGET /", 0, "192.168.0.1 56324", 5},
    {"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", 0, "255.255.255.255 65535", 0},
    {"PROXY TCP6 2001:db8::7 ::1 0 1\r\n\r\n", 0, "2001:db8::7 0", 2},
    {"PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
     "65535 65535\r\n",
     0, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535", 0},
    {"PROXY TCP6 ::ffff:10.0.0.1 ::1 1 2\r\n", 0, "10.0.0.1 1", 0},
    {"PROXY UNKNOWN\r\n\x16\x03", 0, "unknown", 2},
    {"PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
     "65535 65535\r\n",
     0, "unknown", 0},
    {"PROXY UNKNOWN what\tever\x01\r\n", 0, "unknown", 0},
    {"", 0, "more", 0},
    {"P", 0, "more", 0},
    {"PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r", 0, "more", 0},
    /* version 1, malformed */
    {"GET / HTTP/1.1\r\n", 0, "fault", 0},
    {"PROXY\r\n", 0, "fault", 0},
    {"PROXY \r\n", 0, "fault", 0},
    {"proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n", 0, "fault", 0},
    {"PROXY  TCP4 1.2.3.4 1.2.3.4 1 2\r\n", 0, "fault", 0},
    {"PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n", 0, "fault", 0},
    {"PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n", 0, "fault", 0},
    {"PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n", 0, "fault", 0},
    {"PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n", 0, "fault", 0},
    {"PROXY TCP4 1.2.3.4\r\n", 0, "fault", 0},
    {"PROXY TCP4\r\n", 0, "fault", 0},
    {"PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n", 0, "fault", 0},
    {"PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n", 0, "fault", 0},
    {"PROXY UNKNOWNX\r\n", 0, "fault", 0},
    {"PROXY TCP4 ::1 ::1 1 2\r\n", 0, "fault", 0},
    {"PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n", 0, "fault", 0},
    {"PROXY TCP4 01.2.3.4 1.2.3.4 1 2\r\n", 0, "fault", 0},
    {"PROXY TCP4 1.2.3.256 1.2.3.4 1 2\r\n", 0, "fault", 0},
    {"PROXY TCP4 1.2.3.4 1.2.3 1 2\r\n", 0, "fault", 0},
    {"PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n", 0, "fault", 0},
    {"PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n", 0, "fault", 0},
    {"PROXY TCP4 1.2.3.4 1.2.3.4 1 100000\r\n", 0, "fault", 0},
    {"PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n", 0, "fault", 0},
    {"PROXY TCP4 1.2.3.4 1.2.3.4  2\r\n", 0, "fault", 0},
    {"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n", 0, "fault", 0},
    {"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\rX", 0, "fault", 0},
    {"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\r\n", 0, "fault", 0},
    {"PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
     "65535 655350\r\n",
     0, "fault", 0},
    /* version 2 */
    {V2("\x21\x11\0\x0c" SOURCE4 "GET"), "10.1.2.3 56324", 3},
    {V2("\x21\x21\0\x24" SOURCE6), "2001:db8::7 65535", 0},
    {V2("\x21\x11\0\x13" SOURCE4 "\x04\0\x04toolGET"), "10.1.2.3 56324", 3},
    {V2("\x20\0\0\0GET"), "unknown", 3},
    {V2("\x20\xff\0\x02xxGET"), "unknown", 3},
    {V2("\x20\x11\0\x0c" SOURCE4), "unknown", 0},
    {V2("\x21\0\0\0"), "unknown", 0},
    {V2("\x21\0\0\x0c" SOURCE4), "unknown", 0},
    {V2("\x21\x12\0\x0c" SOURCE4), "unknown", 0},
    {V2("\x21\x10\0\x0c" SOURCE4), "unknown", 0},
    {V2("\x21\x31\0\x03unx"), "unknown", 0},
    {V2("\x21\x11\0\x0c\x0a"), "more", 0},
    {V2("\x21\x11\0\x0d" SOURCE4), "more", 0},
    {V2(""), "more", 0},
    /* version 2, malformed */
    {V2("\x11\x11\0\x0c"), "fault", 0},
    {V2("\x31\x11\0\x0c"), "fault", 0},
    {V2("\x22\x11\0\x0c"), "fault", 0},
    {V2("\x21\x41\0\x0c"), "fault", 0},
    {V2("\x21\x13\0\x0c"), "fault", 0},
    {V2("\x21\x11\0\x0b"), "fault", 0},
    {V2("\x21\x21\0\x23"), "fault", 0},
    {"\r\n\r\nGET", 0, "fault", 0},
    {"\r\n\r\n\0\r\nQUIT\r", 12, "fault", 0},
    {"\n", 0, "fault", 0},
    {"\0", 1, "fault", 0},
    {"\x16\x03\x01", 0, "fault", 0},
};

static struct span bytes_of(const struct vector *vector)
{
    return span_of(vector->bytes, vector->len > 0 ? vector->len : strlen(vector->bytes));
}

/* Deliver in two parts, or byte by byte when `cut` is beyond the end; each part ends at an unreadable page. */
static enum proxy_read deliver(struct span bytes, size_t cut, size_t *taken,
                               struct proxy_source *source)
{
    struct proxy_reader reader = {0};
    enum proxy_read result = PROXY_READ_MORE;
    *taken = 0;
    for (size_t at = 0; at < bytes.len && result == PROXY_READ_MORE;) {
        size_t end = cut > bytes.len ? at + 1 : at < cut ? cut : bytes.len;
        size_t now;
        struct guard part = guard_copy(bytes.data + at, end - at);
        result = proxy_read(&reader, span_of(part.data, part.len), &now, source);
        assert_true(result == PROXY_READ_MORE ? now == part.len : now > 0 && now <= part.len);
        guard_fini(&part);
        *taken += now;
        at = end;
    }
    return result;
}

static void describe(enum proxy_read result, const struct proxy_source *source, char text[64])
{
    char ip[IP_TEXT_BYTES];
    if (result != PROXY_READ_DONE) {
        snprintf(text, 64, "%s", result == PROXY_READ_MORE ? "more" : "fault");
    } else if (!source->is_known) {
        snprintf(text, 64, "unknown");
    } else {
        ip_format(&source->ip, ip);
        snprintf(text, 64, "%s %u", ip, source->port);
    }
}

TEST(each_header_is_read_the_same_whole_byte_by_byte_split_and_before_a_guard_page)
{
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct span bytes = bytes_of(&vectors[i]);
        for (size_t cut = 0; cut <= bytes.len + 1; cut++) {
            struct proxy_source source = {.port = 1};
            size_t taken;
            char text[64];
            enum proxy_read result = deliver(bytes, cut, &taken, &source);
            describe(result, &source, text);
            if (strcmp(text, vectors[i].expected) != 0)
                fail_msg("%s instead of %s for %s", text, vectors[i].expected, vectors[i].bytes);
            if (result == PROXY_READ_DONE)
                assert_int_equal(taken, bytes.len - vectors[i].behind);
        }
    }
}

TEST(a_line_that_does_not_end_is_a_fault_at_byte_107)
{
    struct proxy_reader reader = {0};
    struct proxy_source source;
    char line[200] = "PROXY UNKNOWN ";
    size_t taken;
    memset(line + 14, 'x', sizeof line - 14);
    assert_int_equal(proxy_read(&reader, span_of(line, sizeof line), &taken, &source),
                     PROXY_READ_FAULT);
    assert_int_equal(taken, PROXY_LINE_MAX_BYTES);
}

TEST(all_that_a_header_can_hold_is_skipped)
{
    static const char start[] = SIGNATURE "\x21\x11\xff\xff" SOURCE4;
    struct proxy_reader reader = {0};
    struct proxy_source source;
    size_t taken;
    static uint8_t rest[65536 - 12];
    assert_int_equal(proxy_read(&reader, span_of(start, sizeof start - 1), &taken, &source),
                     PROXY_READ_MORE);
    assert_int_equal(proxy_read(&reader, span_of(rest, sizeof rest), &taken, &source),
                     PROXY_READ_DONE);
    assert_int_equal(taken, 65535 - 12);
    assert_int_equal(source.port, 56324);
}
