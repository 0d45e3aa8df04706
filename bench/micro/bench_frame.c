/*
 * What WebSocket frames cost: masking, the check of UTF-8, and reading the small frames that phones send.
 *
 * Payloads begin 6 bytes into their buffer, as they do behind a client's header.
 */
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/mem.h"
#include "bench/lib/bench.h"
#include "codec/utf8.h"
#include "codec/ws_frame.h"
#include "proto/seed.h"

#define HEADER_BYTES 6
#define FRAMES 100

static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};

struct bytes {
    uint8_t *memory; /* owned */
    uint8_t *copy;   /* owned; as large */
    size_t len;      /* behind HEADER_BYTES of memory and copy */
};

static void *bytes_setup(const void *shape)
{
    struct bytes *bytes = mem_must(sizeof *bytes);
    bytes->len = *(const size_t *)shape;
    bytes->memory = mem_must(HEADER_BYTES + bytes->len);
    bytes->copy = mem_must(HEADER_BYTES + bytes->len);
    memset(bytes->memory, 'a', HEADER_BYTES + bytes->len);
    return bytes;
}

static void bytes_teardown(void *bench)
{
    struct bytes *bytes = bench;
    mem_free(bytes->memory);
    mem_free(bytes->copy);
    mem_free(bytes);
}

/* --- masking -------------------------------------------------------------------------------------------------------- */

static uint64_t mask_run(void *bench, uint64_t rounds)
{
    struct bytes *bytes = bench;
    for (uint64_t i = 0; i < rounds; i++) {
        ws_mask(bytes->memory + HEADER_BYTES, bytes->len, mask, 0);
        bench_touch(bytes->memory);
    }
    return rounds;
}

static uint64_t memcpy_run(void *bench, uint64_t rounds)
{
    struct bytes *bytes = bench;
    for (uint64_t i = 0; i < rounds; i++) {
        memcpy(bytes->copy + HEADER_BYTES, bytes->memory + HEADER_BYTES, bytes->len);
        bench_touch(bytes->copy);
    }
    return rounds;
}

/* --- UTF-8 ---------------------------------------------------------------------------------------------------------- */

/* Names of runners, comments: a third of the characters takes two bytes or more. */
static void *mixed_setup(const void *shape)
{
    static const char text[] = "J\xc3\xb8rgen M\xc3\xbcller, \xe6\x9d\xb1\xe4\xba\xac "
                               "\xce\x91\xce\xb8\xce\xae\xce\xbd\xce\xb1 \xf0\x9f\x8f\x83 42 km; ";
    struct bytes *bytes = bytes_setup(shape);
    size_t len = sizeof text - 1;
    for (size_t at = 0; at + len <= bytes->len; at += len)
        memcpy(bytes->memory + HEADER_BYTES + at, text, len);
    return bytes;
}

static uint64_t utf8_run(void *bench, uint64_t rounds)
{
    struct bytes *bytes = bench;
    for (uint64_t i = 0; i < rounds; i++) {
        CHECK(utf8_is_valid(span_of(bytes->memory + HEADER_BYTES, bytes->len)));
        bench_touch(bytes->memory);
    }
    return rounds;
}

/* How many bytes follow this first one; 4: it is none. */
static unsigned bytewise_tail(uint8_t first)
{
    if (first < 0x80)
        return 0;
    if (first < 0xc2 || first > 0xf4)
        return 4;
    return first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
}

static bool bytewise_second_is_valid(uint8_t first, uint8_t second)
{
    uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    return second >= low && second <= high;
}

/* RFC 3629, one byte after the other. */
static bool bytewise_is_valid(const uint8_t *at, size_t len)
{
    const uint8_t *end = at + len;
    while (at < end) {
        unsigned tail = bytewise_tail(at[0]);
        if (tail == 4 || (size_t)(end - at) <= tail)
            return false;
        if (tail > 0 && !bytewise_second_is_valid(at[0], at[1]))
            return false;
        for (unsigned i = 2; i <= tail; i++)
            if ((at[i] & 0xc0) != 0x80)
                return false;
        at += 1 + tail;
    }
    return true;
}

static uint64_t bytewise_run(void *bench, uint64_t rounds)
{
    struct bytes *bytes = bench;
    for (uint64_t i = 0; i < rounds; i++) {
        CHECK(bytewise_is_valid(bytes->memory + HEADER_BYTES, bytes->len));
        bench_touch(bytes->memory);
    }
    return rounds;
}

/* --- reading -------------------------------------------------------------------------------------------------------- */

struct stream {
    struct buf wire;  /* owned; FRAMES masked frames */
    uint8_t *arrived; /* owned; a copy of it, unmasked in place by the reader */
    struct ws_reader reader;
};

static void *stream_setup(const void *shape)
{
    (void)shape;
    struct stream *stream = mem_must(sizeof *stream);
    struct buf text = {0};
    for (uint32_t i = 0; i < FRAMES; i++) {
        struct position position = bench_position(i, i);
        text.len = 0;
        CHECK(seed_encode(&position, &text) == 0);
        CHECK(ws_write(&stream->wire, WS_TEXT, buf_span(&text), mask) == 0);
    }
    buf_fini(&text);
    stream->arrived = mem_must(stream->wire.len);
    ws_reader_init(&stream->reader, WS_SERVER);
    return stream;
}

static void stream_teardown(void *bench)
{
    struct stream *stream = bench;
    buf_fini(&stream->wire);
    mem_free(stream->arrived);
    mem_free(stream);
}

static uint64_t read_all(struct stream *stream)
{
    struct ws_piece piece;
    uint64_t frames = 0;
    for (size_t at = 0, taken; at < stream->wire.len; at += taken) {
        enum ws_read result = ws_read(&stream->reader, stream->arrived + at, stream->wire.len - at,
                                      65536, &taken, &piece);
        CHECK(result == WS_READ_PIECE && piece.last);
        frames++;
    }
    return frames;
}

/* The copy stands for the system's into the buffer; memcpy_run() knows what it costs. */
static uint64_t read_run(void *bench, uint64_t rounds)
{
    struct stream *stream = bench;
    uint64_t frames = 0;
    for (uint64_t i = 0; i < rounds; i++) {
        memcpy(stream->arrived, stream->wire.data, stream->wire.len);
        frames += read_all(stream);
    }
    return frames;
}

static uint64_t write_run(void *bench, uint64_t rounds)
{
    static const char text[] = "{\"userId\":1007,\"lat\":48.8567312,\"lng\":2.2927941}";
    struct stream *stream = bench;
    struct buf out = {.data = stream->arrived, .cap = stream->wire.len};
    for (uint64_t i = 0; i < rounds; i++) {
        out.len = 0;
        CHECK(ws_write(&out, WS_TEXT, span_of(text, sizeof text - 1), NULL) == 0);
        bench_touch(out.data);
    }
    return rounds;
}

/* -------------------------------------------------------------------------------------------------------------------- */

static const size_t bytes_64 = 64;
static const size_t bytes_1k = 1024;
static const size_t bytes_64k = 65536;

#define MASK(case_name, shape_of, rounds_of)                                                       \
    {                                                                                              \
        .name = case_name, .operation = "ws_mask() of the payload", .rounds = rounds_of,           \
        .shape = shape_of, .setup = bytes_setup, .teardown = bytes_teardown, .run = mask_run,      \
        .peer_name = "memcpy()", .peer = memcpy_run                                                \
    }
#define UTF8(case_name, setup_of, rounds_of)                                                       \
    {                                                                                              \
        .name = case_name, .operation = "utf8_is_valid() of 1 KiB", .rounds = rounds_of,           \
        .shape = &bytes_1k, .setup = setup_of, .teardown = bytes_teardown, .run = utf8_run,        \
        .peer_name = "byte by byte", .peer = bytewise_run                                          \
    }
#define STREAM(case_name, operation_of, rounds_of, run_of)                                         \
    {                                                                                              \
        .name = case_name, .operation = operation_of, .rounds = rounds_of, .setup = stream_setup,  \
        .teardown = stream_teardown, .run = run_of                                                 \
    }

static const struct bench_case cases[] = {
    MASK("frame.mask_64", &bytes_64, 200000),
    MASK("frame.mask_1k", &bytes_1k, 50000),
    MASK("frame.mask_64k", &bytes_64k, 1000),
    UTF8("frame.utf8_ascii", bytes_setup, 50000),
    UTF8("frame.utf8_mixed", mixed_setup, 5000),
    STREAM("frame.read", "ws_read() of a masked position", 500, read_run),
    STREAM("frame.write", "ws_write() of a position's text", 100000, write_run),
};

int main(int argc, char **argv)
{
    return bench_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
