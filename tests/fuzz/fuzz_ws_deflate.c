/*
 * fuzz_ws_deflate: whatever comes in, a message is inflated to no more than the limit, the same with any limit that it fits in,
 * and not at all when it does not; what is compressed comes back; an offer is answered with nothing but what was offered.
 *
 * Input: a byte of settings (bits 0 and 1 what is done, bits 2 to 5 the level), then a compressed message, a text, or the lines
 * of Sec-WebSocket-Extensions.
 */
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "codec/ws_deflate.h"
#include "codec/ws_extension.h"
#include "tests/lib/guard.h"

#define LARGE_BYTES ((size_t)256 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One for each limit, used again and again: nothing may be left of the message before. Never freed. */
static struct ws_deflate *deflate_of(struct ws_deflate **kept, int level, size_t max_message_bytes)
{
    struct ws_deflate_options options = {
        .level = level, .min_bytes = 1, .max_message_bytes = max_message_bytes};
    if (*kept == NULL)
        *kept = ws_deflate_new(&options);
    CHECK(*kept != NULL);
    return *kept;
}

static int inflate(struct ws_deflate *deflate, struct span payload, struct span *inflated)
{
    struct guard guard = guard_copy(payload.data, payload.len);
    int result = ws_deflate_inflate(deflate, span_of(guard.data, guard.len), inflated);
    CHECK(result == 0 || result == ERR_TOO_BIG || result == ERR_FORMAT);
    CHECK(result == 0 || inflated->len == 0);
    guard_fini(&guard);
    return result;
}

static void expect_same_with_limit(struct span payload, int result, struct span inflated,
                                   size_t limit)
{
    struct ws_deflate *deflate = NULL;
    struct span limited;
    int limited_result = inflate(deflate_of(&deflate, 1, limit), payload, &limited);
    CHECK(limited.len <= limit);
    if (result == 0 && inflated.len > limit)
        CHECK(limited_result == ERR_TOO_BIG);
    if (result == 0 && inflated.len <= limit)
        CHECK(limited_result == 0 && span_equals(limited, inflated));
    CHECK(result == 0 || limited_result != 0);
    ws_deflate_free(&deflate);
}

static void fuzz_inflate(struct span payload)
{
    static struct ws_deflate *large;
    struct span inflated;
    if (payload.len > LARGE_BYTES)
        return;
    int result = inflate(deflate_of(&large, 1, LARGE_BYTES), payload, &inflated);
    CHECK(inflated.len <= LARGE_BYTES);
    expect_same_with_limit(payload, result, inflated, payload.len);
    if (inflated.len > payload.len) {
        expect_same_with_limit(payload, result, inflated, inflated.len);
        if (inflated.len - 1 > payload.len)
            expect_same_with_limit(payload, result, inflated, inflated.len - 1);
    }
}

/* Doubled until it is long enough for several parts: `text` alone is short. */
static struct buf long_text(struct span text)
{
    struct buf doubled = {0};
    CHECK(buf_append(&doubled, text) == 0);
    while (doubled.len > 0 && doubled.len < 100000) {
        CHECK(buf_reserve(&doubled, doubled.len) == 0);
        memcpy(doubled.data + doubled.len, doubled.data, doubled.len);
        doubled.len *= 2;
    }
    return doubled;
}

static void expect_back(int level, struct span text)
{
    static struct ws_deflate *levels[WS_DEFLATE_LEVEL_MAX + 1];
    struct ws_deflate *deflate = deflate_of(&levels[level], level, LARGE_BYTES);
    struct guard guard = guard_copy(text.data, text.len);
    struct buf payload = {0};
    struct span inflated;
    int compressed = ws_deflate_compress(deflate, span_of(guard.data, guard.len), &payload);
    CHECK(compressed == 0 || compressed == 1);
    CHECK(compressed == 1 ? payload.len < text.len : payload.len == 0);
    if (compressed == 1) {
        CHECK(inflate(deflate, buf_span(&payload), &inflated) == 0);
        CHECK(span_equals(inflated, text));
    }
    guard_fini(&guard);
    buf_fini(&payload);
}

static void expect_answer(const struct ws_extension *agreed)
{
    static const char always[] =
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    CHECK(agreed->window_bits >= WS_WINDOW_BITS_MIN && agreed->window_bits <= WS_WINDOW_BITS_MAX);
    CHECK(strncmp(agreed->answer, always, sizeof always - 1) == 0);
    const char *window = agreed->answer + sizeof always - 1;
    struct buf expected = {0};
    CHECK(buf_printf(&expected, "; server_max_window_bits=%u", agreed->window_bits) == 0);
    CHECK((*window == '\0' && agreed->window_bits == WS_WINDOW_BITS_MAX) ||
          span_equals(span_of_text(window), buf_span(&expected)));
    buf_fini(&expected);
}

static void fuzz_offer(struct span lines)
{
    struct http_limits limits = {.head_bytes = 65536, .headers = 1000};
    struct http_reader *request = http_reader_new(&limits);
    struct buf head = {0};
    size_t taken;
    int status;
    struct fault fault;
    CHECK(buf_append_text(&head, "GET / HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Extensions: ") == 0);
    CHECK(buf_append(&head, lines) == 0 && buf_append_text(&head, "\r\n\r\n") == 0);
    if (http_read(request, buf_span(&head), &taken, &status, &fault) == HTTP_READ_REQUEST) {
        struct ws_extension agreed;
        int result = ws_extension_negotiate(request, &agreed);
        CHECK(result == 0 || result == 1 || result == ERR_FORMAT);
        if (result == 1) {
            CHECK(memmem(head.data, head.len, "permessage-deflate", 18) != NULL);
            expect_answer(&agreed);
        }
    }
    http_reader_free(&request);
    buf_fini(&head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct span rest = span_of(data + 1, size - 1);
    int level = 1 + (data[0] >> 2 & 15) % WS_DEFLATE_LEVEL_MAX;
    struct buf doubled = {0};
    switch (data[0] & 3) {
    case 0:
        fuzz_inflate(rest);
        break;
    case 1:
        expect_back(level, rest);
        break;
    case 2:
        doubled = long_text(rest);
        expect_back(level, buf_span(&doubled));
        buf_fini(&doubled);
        break;
    default:
        fuzz_offer(rest);
    }
    return 0;
}
