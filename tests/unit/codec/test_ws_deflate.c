/*
 * Of what zlib sends there are vectors, made with node's zlib.deflateRawSync(text, {finishFlush: Z_SYNC_FLUSH}) without its
 * last four bytes. That zlib reads what is compressed here follows from its form, which is what is looked at.
 */
#include "codec/ws_deflate.h"

#include <libdeflate.h>

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/guard.h"
#include "tests/lib/test.h"

#define BYTES(text)                                                                                \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }
#define LIMIT ((size_t)1024 * 1024)

#define A_POSITION "{\"userId\": 7, \"lat\": 48.8568, \"lng\": 2.2927}"
#define POSITIONS                                                                                  \
    "{\"userId\": 7, \"lat\": 48.8560, \"lng\": 2.290}"                                            \
    "{\"userId\": 8, \"lat\": 48.8561, \"lng\": 2.297}"                                            \
    "{\"userId\": 9, \"lat\": 48.8562, \"lng\": 2.2914}"                                           \
    "{\"userId\": 7, \"lat\": 48.8563, \"lng\": 2.2921}"                                           \
    "{\"userId\": 8, \"lat\": 48.8564, \"lng\": 2.2928}"                                           \
    "{\"userId\": 9, \"lat\": 48.8565, \"lng\": 2.2935}"
#define X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X300 X50 X50 X50 X50 X50 X50

struct vector {
    const char *what;
    struct span payload;
    struct span text;
};

static const struct vector vectors[] = {
    {"RFC 7692 section 7.2.3.1: one block", BYTES("\xf2\x48\xcd\xc9\xc9\x07\x00"), BYTES("Hello")},
    {"section 7.2.3.3: a block without compression",
     BYTES("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"), BYTES("Hello")},
    {"section 7.2.3.4: BFINAL", BYTES("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), BYTES("Hello")},
    {"section 7.2.3.5: two blocks", BYTES("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"),
     BYTES("Hello")},
    {"section 7.2.3.6: nothing", BYTES("\x00"), BYTES("")},
    {"nothing, in codes", BYTES("\x02\x00"), BYTES("")},
    {"nothing at all", BYTES(""), BYTES("")},
    {"BFINAL, without the block behind it", BYTES("\xf3\x48\xcd\xc9\xc9\x07\x00"), BYTES("Hello")},
    {"BFINAL twice", BYTES("\xf3\x48\xcd\xc9\xc9\x07\x00\xf3\x48\xcd\xc9\xc9\x07\x00\x00"),
     BYTES("HelloHello")},
    {"BFINAL, then a block without",
     BYTES("\xf3\x48\xcd\xc9\xc9\x07\x00\xf2\x48\xcd\xc9\xc9\x07\x00"), BYTES("HelloHello")},
    {"final empty blocks", BYTES("\x03\x00\x03\x00\x01\x00\x00\xff\xff\x00"), BYTES("")},
    {"a position at level 1",
     BYTES("\xaa\x56\x2a\x2d\x4e\x2d\xf2\x4c\x51\xb2\x52\x30\xd7\x51\x50\xca\x49\x2c\x51\xb2"
           "\x52\x30\xb1\xd0\xb3\x30\x35\xb3\x00\xf1\xf3\xd2\x95\xac\x14\x8c\xf4\x8c\x2c\x8d"
           "\xcc\x6b\x01\x00"),
     BYTES(A_POSITION)},
    {"a position, stored",
     BYTES("\x00\x2c\x00\xd3\xff\x7b\x22\x75\x73\x65\x72\x49\x64\x22\x3a\x20\x37\x2c\x20\x22"
           "\x6c\x61\x74\x22\x3a\x20\x34\x38\x2e\x38\x35\x36\x38\x2c\x20\x22\x6c\x6e\x67\x22"
           "\x3a\x20\x32\x2e\x32\x39\x32\x37\x7d\x00"),
     BYTES(A_POSITION)},
    {"positions at level 1",
     BYTES("\xaa\x56\x2a\x2d\x4e\x2d\xf2\x4c\x51\xb2\x52\x30\xd7\x51\x50\xca\x49\x2c\x51\xb2"
           "\x52\x30\xb1\xd0\xb3\x30\x35\x33\x00\xf1\xf3\xd2\x95\xac\x14\x8c\xf4\x8c\x2c\x0d"
           "\x6a\xab\x11\x4a\x2d\xd0\x94\x1a\xa2\x28\x35\x47\x56\x6a\x89\xa6\xd4\x08\x45\xa9"
           "\xa1\x09\xb2\x5a\x74\x17\x18\xa3\xa8\x35\x32\x44\x56\x8b\xee\x04\x13\x54\xb5\x16"
           "\xc8\x6a\xd1\xdd\x60\x8a\xa2\xd6\xd8\xb4\x16\x00"),
     BYTES(POSITIONS)},
    {"positions at level 9",
     BYTES("\xaa\x56\x2a\x2d\x4e\x2d\xf2\x4c\x51\xb2\x52\x30\xd7\x51\x50\xca\x49\x2c\x51\xb2"
           "\x52\x30\xb1\xd0\xb3\x30\x35\x33\x00\xf1\xf3\xd2\x95\xac\x14\x8c\xf4\x8c\x2c\x0d"
           "\x6a\xab\x11\x4a\x2d\xd0\x94\x1a\xa2\x28\x35\x47\x56\x6a\x89\xa6\xd4\x08\x45\xa9"
           "\xa1\x09\xb2\x5a\x74\x17\x18\xa3\xa8\x35\x32\xc4\xe7\x04\x13\x54\xb5\x16\xf8\xdc"
           "\x60\x8a\xa2\xd6\xd8\xb4\x16\x00"),
     BYTES(POSITIONS)},
    {"positions with codes of their own",
     BYTES("\x04\xc1\x31\x0e\x84\x30\x0c\x04\xc0\xaf\xac\xb6\xb6\xac\x3b\x5f\x02\x8e\x7f\x90"
           "\x67\x44\x02\xd1\x44\x14\x40\xaa\x88\xbf\xdf\xcc\xe4\xb8\xf7\xab\x6e\x0c\xac\x02"
           "\xf6\xf6\x30\x90\x5c\x3d\x2f\x1f\x01\xfb\x79\x30\x60\x6a\xe5\xf3\x4e\x8e\x7b\xbf"
           "\xea\xc6\x80\x0b\xd8\xdb\xc3\x40\x72\xf5\xbc\x7c\x05\xec\xe7\xc1\x80\xa9\x95\xf5"
           "\x9d\x1c\xf7\x7e\xd5\x8d\x81\x22\x60\x6f\x0f\x03\xc9\xd5\xf3\x62\x02\xf6\xf3\x60"
           "\xc0\xd4\xca\x37\xbd\x93\xe3\xde\xaf\xba\x31\xb0\x0a\xd8\xdb\xc3\x40\x72\xf5\xbc"
           "\xfc\x04\xec\xe7\xc1\x80\xa9\x15\xfb\xbe\x93\xe3\xde\xaf\xba\x31\xe0\x02\xf6\xf6"
           "\x30\x90\x5c\x3d\x2f\x49\xc0\x7e\x1e\x0c\x98\x5a\x31\x7f\x27\xc7\xbd\x5f\x75\x63"
           "\xa0\x08\xd8\xdb\xc3\x40\x72\xf5\xbc\x64\x01\xfb\x79\x30\x60\x6a\xe5\x97\xdf\x3f"
           "\x00"),
     BYTES(POSITIONS)},
    {"300 letters at level 9", BYTES("\xaa\xa8\x18\x05\xc4\x02\x00\x00"), BYTES(X300)},
    {"300 letters as runs", BYTES("\xaa\x18\x05\x44\x03\x00\x00"), BYTES(X300)},
    {"nothing", BYTES("\x00"), BYTES("")},
    {"a position, flushed in the middle",
     BYTES("\xaa\x56\x2a\x2d\x4e\x2d\xf2\x4c\x51\xb2\x52\x30\xd7\x51\x50\xca\x49\x2c\x51\xb2"
           "\x02\x00\x00\x00\xff\xff\x52\x30\xb1\xd0\xb3\x30\x35\xb3\x00\xf1\xf3\xd2\x95\xac"
           "\x14\x8c\xf4\x8c\x2c\x8d\xcc\x6b\x01\x00"),
     BYTES(A_POSITION)},
};

static const struct {
    const char *what;
    struct span payload;
} malformed[] = {
    {"section 7.2.3.2: what needs the message before it", BYTES("\xf2\x00\x11\x00\x00")},
    {"what needs what is before a final block",
     BYTES("\xf3\x48\xcd\xc9\xc9\x07\x00\xf2\x00\x11\x00\x00")},
    {"a block of no type", BYTES("\x06\x00")},
    {"a length that is not there twice", BYTES("\x00\x05\x00\xfb\xff\x48\x65\x6c\x6c\x6f\x00")},
    {"half a block without compression", BYTES("\x00\x20\x00\xdf\xff\x48\x65\x6c\x6c\x6f\x00")},
    {"a final block that is not whole", BYTES("\xf3\x48\xcd")},
    {"codes that are none", BYTES("\x04\xff\xff\xff\xff\xff")},
    {"a final block, then half of another", BYTES("\xf3\x48\xcd\xc9\xc9\x07\x00\x00\x05\x00")},
    {"a final block, then a 1", BYTES("\xf3\x48\xcd\xc9\xc9\x07\x00\x01")},
    {"a tail that was not left off twice", BYTES("\x00\x00\xff\xff\xff")},
    {"noise", BYTES("\xff\xff\xff\xff\xff\xff")},
};

static struct ws_deflate *deflate_with(int level, size_t max_message_bytes)
{
    struct ws_deflate_options options = {
        .level = level, .min_bytes = 1, .max_message_bytes = max_message_bytes};
    struct ws_deflate *deflate = ws_deflate_new(&options);
    assert_non_null(deflate);
    return deflate;
}

static void expect_inflated(struct ws_deflate *deflate, const char *what, struct span payload,
                            struct span text)
{
    struct guard guard = guard_copy(payload.data, payload.len);
    struct span inflated;
    int result = ws_deflate_inflate(deflate, span_of(guard.data, guard.len), &inflated);
    if (result != 0 || !span_equals(inflated, text))
        fail_msg("%s: result %d, %zu bytes instead of %zu", what, result, inflated.len, text.len);
    guard_fini(&guard);
}

TEST(the_examples_of_the_rfc_and_what_zlib_sends_are_inflated)
{
    struct ws_deflate *deflate = deflate_with(6, LIMIT);
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
        expect_inflated(deflate, vectors[i].what, vectors[i].payload, vectors[i].text);
    ws_deflate_free(&deflate);
    assert_null(deflate);
}

TEST(what_is_malformed_is_refused_and_does_no_harm_to_what_follows)
{
    struct ws_deflate *deflate = deflate_with(6, LIMIT);
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        struct span inflated;
        if (ws_deflate_inflate(deflate, malformed[i].payload, &inflated) != ERR_FORMAT)
            fail_msg("%s", malformed[i].what);
        assert_int_equal(inflated.len, 0);
        expect_inflated(deflate, vectors[0].what, vectors[0].payload, vectors[0].text);
    }
    ws_deflate_free(&deflate);
}

/* Texts to compress, `kind` by `kind`; the same each time. */
enum { KIND_POSITIONS, KIND_ONE_LETTER, KIND_FEW_LETTERS, KIND_MIXED, KIND_NOISE, KIND_COUNT };

static uint32_t draw(uint32_t *state) /* George Marsaglia, "Xorshift RNGs", 2003 */
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static uint8_t letter(int kind, size_t at, uint32_t *state)
{
    uint32_t drawn = draw(state);
    switch (kind) {
    case KIND_ONE_LETTER:
        return 'x';
    case KIND_FEW_LETTERS:
        return (uint8_t)('a' + drawn % 5);
    case KIND_MIXED: /* its blocks want codes of their own */
        return at / 6000 % 2 == 0 ? (uint8_t)('a' + drawn % 3) : (uint8_t)(drawn % 64 * 4);
    default:
        return (uint8_t)(drawn >> 8);
    }
}

static struct buf text_of(int kind, size_t len)
{
    struct buf text = {0};
    uint32_t state = 1 + (uint32_t)len;
    assert_int_equal(buf_reserve(&text, len + 64), 0);
    while (text.len < len && kind == KIND_POSITIONS)
        assert_int_equal(buf_printf(&text, "{\"userId\": %u, \"lat\": 48.%06u, \"lng\": 2.%06u}",
                                    draw(&state) % 500, draw(&state) % 1000000,
                                    draw(&state) % 1000000),
                         0);
    for (size_t i = text.len; i < len; i++)
        text.data[i] = letter(kind, i, &state);
    text.len = len;
    return text;
}

static const uint8_t tail[] = {0x00, 0x00, 0xff, 0xff};
static const uint8_t final_block[] = {0x03, 0x00};

/* As a receiver reads it that keeps its stream: whole blocks up to `payload`'s end with the tail, none of them final. */
static void expect_flushed_form(struct span payload, struct span text)
{
    struct buf stream = {0};
    uint8_t *inflated = mem_must(text.len + 1);
    struct libdeflate_decompressor *decompressor = libdeflate_alloc_decompressor();
    assert_int_equal(buf_append(&stream, payload), 0);
    assert_int_equal(buf_append(&stream, span_of(tail, sizeof tail)), 0);
    size_t taken;
    size_t len;
    assert_int_equal(libdeflate_deflate_decompress_ex(decompressor, stream.data, stream.len,
                                                      inflated, text.len, &taken, &len),
                     LIBDEFLATE_BAD_DATA);
    assert_int_equal(buf_append(&stream, span_of(final_block, sizeof final_block)), 0);
    assert_int_equal(libdeflate_deflate_decompress_ex(decompressor, stream.data, stream.len,
                                                      inflated, text.len, &taken, &len),
                     LIBDEFLATE_SUCCESS);
    assert_int_equal(taken, stream.len);
    assert_true(span_equals(span_of(inflated, len), text));
    libdeflate_free_decompressor(decompressor);
    mem_free(inflated);
    buf_fini(&stream);
}

/* Returns what ws_deflate_compress() did. */
static int expect_round_trip(struct ws_deflate *deflate, int kind, size_t len)
{
    struct buf text = text_of(kind, len);
    struct guard guard = guard_copy(text.data, text.len);
    struct buf payload = {0};
    int compressed = ws_deflate_compress(deflate, span_of(guard.data, guard.len), &payload);
    assert_true(compressed == 0 || compressed == 1);
    if (compressed == 1) {
        assert_true(payload.len < len);
        expect_flushed_form(buf_span(&payload), buf_span(&text));
        expect_inflated(deflate, "round trip", buf_span(&payload), buf_span(&text));
    } else {
        assert_int_equal(payload.len, 0);
    }
    guard_fini(&guard);
    buf_fini(&payload);
    buf_fini(&text);
    return compressed;
}

TEST(each_length_comes_back_at_each_level_and_no_block_is_final)
{
    for (int level = 1; level <= WS_DEFLATE_LEVEL_MAX; level += 1 + level / 4) {
        struct ws_deflate *deflate = deflate_with(level, LIMIT);
        int compressed = 0;
        for (size_t len = 0; len < 700; len += 1 + len / 40)
            for (int kind = 0; kind < KIND_COUNT; kind++)
                compressed += expect_round_trip(deflate, kind, len);
        assert_true(compressed > 200);
        ws_deflate_free(&deflate);
    }
}

TEST(long_messages_come_back_though_they_are_compressed_in_parts)
{
    static const size_t lengths[] = {4096, 32768, 65535, 65536, 65537, 131072, 200001};
    for (int level = 1; level <= 6; level += 5) {
        struct ws_deflate *deflate = deflate_with(level, LIMIT);
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
            for (int kind = 0; kind < KIND_COUNT; kind++)
                assert_int_equal(expect_round_trip(deflate, kind, lengths[i]), kind != KIND_NOISE);
        ws_deflate_free(&deflate);
    }
}

static bool makes_several_blocks(int level, struct span text)
{
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(level);
    size_t bound = libdeflate_deflate_compress_bound(compressor, text.len);
    uint8_t *out = mem_must(bound);
    assert_true(libdeflate_deflate_compress(compressor, text.data, text.len, out, bound) > 0);
    bool several = (out[0] & 1) == 0;
    libdeflate_free_compressor(compressor);
    mem_free(out);
    return several;
}

TEST(a_text_of_which_libdeflate_makes_several_blocks_comes_back)
{
    struct buf text = text_of(KIND_MIXED, 60000);
    assert_true(makes_several_blocks(6, buf_span(&text)));
    buf_fini(&text);
    struct ws_deflate *deflate = deflate_with(6, LIMIT);
    assert_int_equal(expect_round_trip(deflate, KIND_MIXED, 60000), 1);
    ws_deflate_free(&deflate);
}

TEST(messages_in_a_row_are_one_stream_to_a_receiver_that_never_starts_anew)
{
    struct ws_deflate *deflate = deflate_with(1, LIMIT);
    struct buf stream = {0};
    struct buf texts = {0};
    for (size_t len = 60; len < 2000; len += 37) {
        struct buf text = text_of(KIND_POSITIONS, len);
        size_t before = stream.len;
        assert_int_equal(ws_deflate_compress(deflate, buf_span(&text), &stream), 1);
        assert_true(stream.len > before);
        assert_int_equal(buf_append(&stream, span_of(tail, sizeof tail)), 0);
        assert_int_equal(buf_append(&texts, buf_span(&text)), 0);
        buf_fini(&text);
    }
    stream.len -= sizeof tail;
    expect_flushed_form(buf_span(&stream), buf_span(&texts));
    buf_fini(&stream);
    buf_fini(&texts);
    ws_deflate_free(&deflate);
}

TEST(what_does_not_pay_is_not_compressed_and_leaves_no_trace)
{
    struct ws_deflate_options options = {.level = 6, .min_bytes = 100, .max_message_bytes = LIMIT};
    struct ws_deflate *deflate = ws_deflate_new(&options);
    struct buf noise = text_of(KIND_NOISE, 100000);
    struct buf letters = text_of(KIND_ONE_LETTER, 100);
    struct buf out = {0};
    assert_int_equal(buf_append_text(&out, "before"), 0);
    assert_int_equal(ws_deflate_compress(deflate, buf_span(&noise), &out), 0);
    assert_int_equal(ws_deflate_compress(deflate, span_of(letters.data, 99), &out), 0);
    assert_int_equal(ws_deflate_compress(deflate, span_of(NULL, 0), &out), 0);
    assert_true(span_equals(buf_span(&out), span_of_text("before")));
    assert_int_equal(ws_deflate_compress(deflate, buf_span(&letters), &out), 1);
    assert_memory_equal(out.data, "before", 6);
    expect_inflated(deflate, "behind", span_of(out.data + 6, out.len - 6), buf_span(&letters));
    buf_fini(&out);
    buf_fini(&noise);
    buf_fini(&letters);
    ws_deflate_free(&deflate);
}

/* `count` letters, as a client might send them. */
static struct buf letters_compressed(size_t count)
{
    struct ws_deflate *deflate = deflate_with(9, LIMIT);
    struct buf letters = text_of(KIND_ONE_LETTER, count);
    struct buf payload = {0};
    assert_int_equal(ws_deflate_compress(deflate, buf_span(&letters), &payload), 1);
    buf_fini(&letters);
    ws_deflate_free(&deflate);
    return payload;
}

TEST(a_message_that_is_cut_short_is_refused_or_gives_no_more_than_it_held)
{
    struct ws_deflate *deflate = deflate_with(6, LIMIT);
    for (size_t len = 60; len <= 600; len += 540) { /* in fixed codes, and in codes of its own */
        struct buf text = text_of(KIND_POSITIONS, len);
        struct buf payload = {0};
        assert_int_equal(ws_deflate_compress(deflate, buf_span(&text), &payload), 1);
        for (size_t cut = 0; cut < payload.len; cut++) {
            struct guard guard = guard_copy(payload.data, cut);
            struct span inflated;
            int result = ws_deflate_inflate(deflate, span_of(guard.data, cut), &inflated);
            assert_true(result == ERR_FORMAT || (result == 0 && inflated.len <= text.len));
            guard_fini(&guard);
        }
        buf_fini(&payload);
        buf_fini(&text);
    }
    ws_deflate_free(&deflate);
}

TEST(a_message_may_be_as_long_as_the_limit_and_no_byte_longer)
{
    struct buf payload = letters_compressed(5000);
    struct buf letters = text_of(KIND_ONE_LETTER, 5000);
    struct span inflated;
    struct ws_deflate *deflate = deflate_with(1, 5000);
    expect_inflated(deflate, "at the limit", buf_span(&payload), buf_span(&letters));
    ws_deflate_free(&deflate);
    deflate = deflate_with(1, 4999);
    assert_int_equal(ws_deflate_inflate(deflate, buf_span(&payload), &inflated), ERR_TOO_BIG);
    assert_int_equal(inflated.len, 0);
    ws_deflate_free(&deflate);
    buf_fini(&payload);
    buf_fini(&letters);
}

TEST(a_bomb_is_told_at_the_limit)
{
    struct buf payload = letters_compressed(LIMIT);
    assert_true(payload.len < LIMIT / 200);
    struct span inflated;
    struct ws_deflate *deflate = deflate_with(1, payload.len);
    assert_int_equal(ws_deflate_inflate(deflate, buf_span(&payload), &inflated), ERR_TOO_BIG);
    expect_inflated(deflate, vectors[0].what, vectors[0].payload, vectors[0].text);
    ws_deflate_free(&deflate);
    buf_fini(&payload);
}

TEST(the_limit_counts_all_streams_of_a_message)
{
    struct buf payload = {0};
    struct span inflated;
    for (int i = 0; i < 3; i++) /* 300 letters in 7 bytes, with BFINAL */
        assert_int_equal(buf_append(&payload, span_of("\xab\xa8\x18\x05\xc4\x02\x00", 7)), 0);
    struct ws_deflate *deflate = deflate_with(1, 900);
    expect_inflated(deflate, "three", buf_span(&payload), span_of_text(X300 X300 X300));
    ws_deflate_free(&deflate);
    deflate = deflate_with(1, 899);
    assert_int_equal(ws_deflate_inflate(deflate, buf_span(&payload), &inflated), ERR_TOO_BIG);
    ws_deflate_free(&deflate);
    buf_fini(&payload);
}

TEST(without_memory_nothing_is_made_compressed_or_inflated)
{
    struct ws_deflate_options options = {.level = 1, .min_bytes = 1, .max_message_bytes = LIMIT};
    for (long n = 0; n < 2; n++) {
        mem_fail_after(n);
        assert_null(ws_deflate_new(&options));
    }
    mem_fail_after(-1);
    struct ws_deflate *deflate = deflate_with(1, LIMIT);
    struct buf text = text_of(KIND_POSITIONS, 1000);
    struct buf out = {0};
    struct span inflated;
    mem_fail_after(0);
    assert_int_equal(ws_deflate_compress(deflate, buf_span(&text), &out), ERR_NO_MEMORY);
    for (long n = 0; n < 2; n++) {
        mem_fail_after(n);
        assert_int_equal(ws_deflate_inflate(deflate, vectors[0].payload, &inflated), ERR_NO_MEMORY);
    }
    mem_fail_after(-1);
    assert_int_equal(out.len, 0);
    expect_inflated(deflate, vectors[0].what, vectors[0].payload, vectors[0].text);
    buf_fini(&text);
    buf_fini(&out);
    ws_deflate_free(&deflate);
    ws_deflate_free(&deflate);
}
