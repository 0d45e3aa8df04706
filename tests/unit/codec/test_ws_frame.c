#include "codec/ws_frame.h"

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/codec_transcript.h"
#include "tests/lib/guard.h"
#include "tests/lib/test.h"

#define BYTES(text)                                                                                \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }
#define BIG 65536
#define ANY_SIZE UINT64_MAX

struct vector {
    const char *what;
    struct span bytes;
    const char *transcript;
};

/* As a client reads: not masked. */
static const struct vector from_server[] = {
    {"RFC 6455 section 5.7: an unmasked text", BYTES("\x81\x05Hello"), "text \"Hello\"\nend\n"},
    {"section 5.7: a fragmented text", BYTES("\x01\x03Hel\x80\x02lo"), "text \"Hello\"\nend\n"},
    {"section 5.7: an unmasked ping", BYTES("\x89\x05Hello"), "ping \"Hello\"\nend\n"},
    {"nothing", BYTES(""), "end\n"},
    {"an empty text", BYTES("\x81\x00"), "text \"\"\nend\n"},
    {"an empty binary, an empty ping, an empty pong", BYTES("\x82\x00\x89\x00\x8a\x00"),
     "binary \"\"\nping \"\"\npong \"\"\nend\n"},
    {"an empty close", BYTES("\x88\x00"), "close \"\"\nend\n"},
    {"fragments that are all empty", BYTES("\x01\x00\x00\x00\x80\x00"), "text \"\"\nend\n"},
    {"fragments of which some are empty", BYTES("\x01\x00\x00\x02ok\x00\x00\x80\x00"),
     "text \"ok\"\nend\n"},
    {"a ping between fragments", BYTES("\x01\x03Hel\x89\x04ping\x80\x02lo"),
     "ping \"ping\"\ntext \"Hello\"\nend\n"},
    {"a character over two fragments with a ping in it", BYTES("\x01\x01\xc3\x89\x00\x80\x01\xa9"),
     "ping \"\"\ntext \"\\xc3\\xa9\"\nend\n"},
    {"binary that is not UTF-8", BYTES("\x82\x02\xff\xfe"), "binary \"\\xff\\xfe\"\nend\n"},
    {"a ping that is not UTF-8", BYTES("\x89\x01\xff"), "ping \"\\xff\"\nend\n"},
    {"a text behind a binary that ended in a lead byte", BYTES("\x82\x01\xc3\x81\x01x"),
     "binary \"\\xc3\"\ntext \"x\"\nend\n"},
    {"half a header", BYTES("\x81"), "end inside a message\n"},
    {"half a payload", BYTES("\x81\x05Hel"), "end inside a message\n"},
    {"a first fragment", BYTES("\x01\x03Hel"), "end inside a message\n"},
    {"what follows a close is for others to judge", BYTES("\x88\x02\x03\xe8\x81\x01x"),
     "close \"\\x03\\xe8\"\ntext \"x\"\nend\n"},
    {"a masked frame from a server", BYTES("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
     "protocol error\n"},
    {"RSV1", BYTES("\xc1\x00"), "protocol error\n"},
    {"RSV2", BYTES("\xa1\x00"), "protocol error\n"},
    {"RSV3 on a ping", BYTES("\x99\x00"), "protocol error\n"},
    {"opcode 3", BYTES("\x83\x00"), "protocol error\n"},
    {"opcode 7", BYTES("\x87\x00"), "protocol error\n"},
    {"opcode 11", BYTES("\x8b\x00"), "protocol error\n"},
    {"opcode 15", BYTES("\x8f\x00"), "protocol error\n"},
    {"a fragmented ping", BYTES("\x09\x00"), "protocol error\n"},
    {"a fragmented close", BYTES("\x08\x00"), "protocol error\n"},
    {"a ping of 126 bytes", BYTES("\x89\x7e\x00\x7e"), "protocol error\n"},
    {"a ping with a long length", BYTES("\x89\x7f"), "protocol error\n"},
    {"a continuation of nothing", BYTES("\x80\x00"), "protocol error\n"},
    {"a continuation after a whole message", BYTES("\x81\x01x\x80\x00"),
     "text \"x\"\nprotocol error\n"},
    {"a new text inside a message", BYTES("\x01\x01x\x81\x01y"), "protocol error\n"},
    {"a new binary inside a message", BYTES("\x01\x01x\x02\x01y"), "protocol error\n"},
    {"a length of 125 in 16 bits", BYTES("\x82\x7e\x00\x7d"), "protocol error\n"},
    {"a length of 65535 in 64 bits", BYTES("\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff"),
     "protocol error\n"},
    {"a length with the top bit", BYTES("\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00"),
     "protocol error\n"},
    {"a length over the limit", BYTES("\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x01"), "too big\n"},
    {"the longest length", BYTES("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"), "too big\n"},
    {"a text that is not UTF-8", BYTES("\x81\x01\xff"), "bad utf8\n"},
    {"a text that ends inside a character", BYTES("\x81\x01\xc3"), "bad utf8\n"},
    {"a fragmented text that ends inside a character", BYTES("\x01\x01\xc3\x80\x00"), "bad utf8\n"},
    {"a surrogate over two fragments", BYTES("\x01\x01\xed\x00\x01\xa0"), "bad utf8\n"},
    {"a good text, then a bad one", BYTES("\x81\x01x\x81\x01\x80"), "text \"x\"\nbad utf8\n"},
};

/* As a server reads: masked. */
static const struct vector from_client[] = {
    {"section 5.7: a masked text", BYTES("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
     "text \"Hello\"\nend\n"},
    {"section 5.7: a masked pong", BYTES("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
     "pong \"Hello\"\nend\n"},
    {"a mask of zeros", BYTES("\x81\x82\0\0\0\0ok"), "text \"ok\"\nend\n"},
    {"an empty text", BYTES("\x81\x80\x01\x02\x03\x04"), "text \"\"\nend\n"},
    {"an empty text with half its mask", BYTES("\x81\x80\x01\x02"), "end inside a message\n"},
    {"fragments with masks of their own",
     BYTES("\x01\x81\x01\x01\x01\x01\x60\x89\x80\1\2\3\4\x80\x82\2\3\4\5\x60\x60"),
     "ping \"\"\ntext \"abc\"\nend\n"},
    {"an unmasked text", BYTES("\x81\x05Hello"), "protocol error\n"},
    {"an unmasked empty ping", BYTES("\x89\x00"), "protocol error\n"},
    {"bad UTF-8 under a mask", BYTES("\x81\x81\x0f\x0f\x0f\x0f\xf0"), "bad utf8\n"},
    {"a text cut at the third byte of a character", BYTES("\x81\x83\x01\x01\x01\x01\xe3\x83\xad"),
     "text \"\\xe2\\x82\\xac\"\nend\n"},
};

/* As a client reads that has agreed on compression. */
static const struct vector compressed_from_server[] = {
    {"RFC 7692 section 7.2.3.1: a compressed text", BYTES("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"),
     "compressed text \"\\xf2H\\xcd\\xc9\\xc9\\x07\\x00\"\nend\n"},
    {"section 7.2.3.1: in two fragments", BYTES("\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00"),
     "compressed text \"\\xf2H\\xcd\\xc9\\xc9\\x07\\x00\"\nend\n"},
    {"a text without RSV1", BYTES("\x81\x05Hello"), "text \"Hello\"\nend\n"},
    {"a binary with and one without RSV1", BYTES("\xc2\x01x\x82\x01y"),
     "compressed binary \"x\"\nbinary \"y\"\nend\n"},
    {"a ping between compressed fragments", BYTES("\x41\x01\xff\x89\x01p\x80\x01\xc3"),
     "ping \"p\"\ncompressed text \"\\xff\\xc3\"\nend\n"},
    {"a bad text behind a compressed one", BYTES("\xc1\x01\xff\x81\x01\xff"),
     "compressed text \"\\xff\"\nbad utf8\n"},
    {"RSV1 on a continuation of a compressed message", BYTES("\x41\x01x\xc0\x01y"),
     "protocol error\n"},
    {"RSV1 on a continuation of another", BYTES("\x01\x01x\xc0\x01y"), "protocol error\n"},
    {"RSV1 on a new message inside another", BYTES("\x01\x01x\xc1\x01y"), "protocol error\n"},
    {"RSV1 on a ping", BYTES("\xc9\x00"), "protocol error\n"},
    {"RSV1 on a pong", BYTES("\xca\x00"), "protocol error\n"},
    {"RSV1 on a close", BYTES("\xc8\x00"), "protocol error\n"},
    {"RSV1 on opcode 3", BYTES("\xc3\x00"), "protocol error\n"},
    {"RSV1 and RSV2", BYTES("\xe1\x00"), "protocol error\n"},
    {"RSV2", BYTES("\xa1\x00"), "protocol error\n"},
    {"RSV3", BYTES("\x91\x00"), "protocol error\n"},
    {"a compressed message over the limit", BYTES("\xc2\x7f\0\0\0\0\0\x01\0\x01"), "too big\n"},
};

static void expect_transcript(const struct ws_script *script, struct cut cut, const char *what,
                              const char *expected)
{
    struct buf transcript = {0};
    ws_transcribe(&transcript, script, cut);
    if (!span_equals(buf_span(&transcript), span_of_text(expected)))
        fail_msg("%s, cut %d at %d:\n%.*s--- instead of\n%s", what, (int)cut.kind, (int)cut.number,
                 (int)transcript.len, (const char *)transcript.data, expected);
    buf_fini(&transcript);
}

static void expect_vectors(struct ws_script script, const struct vector *vectors, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        script.max_message_bytes = BIG;
        script.bytes = vectors[i].bytes;
        const char *what = vectors[i].what;
        const char *expected = vectors[i].transcript;
        struct cut cut = {.guarded = true};
        expect_transcript(&script, cut, what, expected);
        cut.kind = CUT_EVERYWHERE;
        expect_transcript(&script, cut, what, expected);
        cut.kind = CUT_ONCE;
        for (cut.number = 0; cut.number <= script.bytes.len; cut.number++)
            expect_transcript(&script, cut, what, expected);
    }
}

TEST(frames_of_a_server_read_the_same_whole_byte_by_byte_split_and_before_a_guard_page)
{
    struct ws_script script = {.role = WS_CLIENT};
    expect_vectors(script, from_server, sizeof from_server / sizeof *from_server);
}

TEST(frames_of_a_client_read_the_same_whole_byte_by_byte_split_and_before_a_guard_page)
{
    struct ws_script script = {.role = WS_SERVER};
    expect_vectors(script, from_client, sizeof from_client / sizeof *from_client);
}

TEST(rsv1_is_let_in_on_the_first_frame_of_a_data_message_when_compression_was_agreed_on)
{
    struct ws_script script = {.role = WS_CLIENT, .may_be_compressed = true};
    expect_vectors(script, compressed_from_server,
                   sizeof compressed_from_server / sizeof *compressed_from_server);
}

TEST(a_reader_takes_at_most_40_bytes_of_a_session)
{
    assert_true(sizeof(struct ws_reader) <= 40);
}

static enum ws_read read_bytes(struct ws_reader *reader, const char *bytes, size_t len,
                               uint64_t max_message_bytes)
{
    uint8_t copy[64];
    assert_true(len <= sizeof copy);
    memcpy(copy, bytes, len);
    size_t taken;
    struct ws_piece piece;
    return ws_read(reader, copy, len, max_message_bytes, &taken, &piece);
}

TEST(a_message_over_the_limit_is_told_by_its_header_before_mask_and_payload)
{
    struct ws_reader reader;
    ws_reader_init(&reader, WS_SERVER);
    assert_int_equal(read_bytes(&reader, "\x82\x85", 2, 5), WS_READ_MORE);
    ws_reader_init(&reader, WS_SERVER);
    assert_int_equal(read_bytes(&reader, "\x82\x85", 2, 4), WS_READ_TOO_BIG);
    ws_reader_init(&reader, WS_SERVER);
    assert_int_equal(read_bytes(&reader, "\x82\xfe\x01\x00", 4, 255), WS_READ_TOO_BIG);
}

TEST(the_limit_counts_all_fragments_of_a_message_and_no_control_frame)
{
    struct ws_script script = {.role = WS_CLIENT, .max_message_bytes = 4};
    static const char frames[] = "\x02\x02xy\x89\x05Hello\x00\x01z\x80\x01z";
    script.bytes = span_of(frames, sizeof frames - 1);
    expect_transcript(&script, (struct cut){0}, "just fits",
                      "ping \"Hello\"\nbinary \"xyzz\"\nend\n");
    script.max_message_bytes = 3;
    expect_transcript(&script, (struct cut){0}, "one too many", "ping \"Hello\"\ntoo big\n");
}

TEST(the_limit_starts_anew_with_each_message)
{
    struct ws_script script = {.role = WS_CLIENT, .max_message_bytes = 3};
    static const char frames[] = "\x82\x03xyz\x82\x03zyx";
    script.bytes = span_of(frames, sizeof frames - 1);
    expect_transcript(&script, (struct cut){0}, "two", "binary \"xyz\"\nbinary \"zyx\"\nend\n");
}

TEST(a_limit_that_was_lowered_in_the_middle_of_a_message_holds_for_its_next_fragment)
{
    struct ws_reader reader;
    ws_reader_init(&reader, WS_CLIENT);
    assert_int_equal(read_bytes(&reader, "\x02\x05Hello", 7, 10), WS_READ_PIECE);
    assert_int_equal(read_bytes(&reader, "\x80\x00", 2, 3), WS_READ_TOO_BIG);
}

TEST(a_whole_message_is_one_piece_that_lies_in_the_callers_buffer)
{
    uint8_t bytes[] = "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x89";
    struct ws_reader reader;
    ws_reader_init(&reader, WS_SERVER);
    size_t taken;
    struct ws_piece piece;
    assert_int_equal(ws_read(&reader, bytes, 12, BIG, &taken, &piece), WS_READ_PIECE);
    assert_int_equal(taken, 11);
    assert_ptr_equal(piece.payload.data, bytes + 6);
    assert_true(piece.first && piece.last);
    assert_memory_equal(bytes + 6, "Hello", 5);
    assert_int_equal(bytes[11], 0x89);
    assert_false(ws_reader_is_inside_message(&reader));
}

TEST(a_message_that_is_cut_comes_in_pieces_with_one_first_and_one_last)
{
    uint8_t bytes[] = "\x82\x04wxyz";
    struct ws_reader reader;
    ws_reader_init(&reader, WS_CLIENT);
    size_t taken;
    struct ws_piece piece;
    assert_int_equal(ws_read(&reader, bytes, 3, BIG, &taken, &piece), WS_READ_PIECE);
    assert_true(piece.first && !piece.last && piece.payload.len == 1);
    assert_true(ws_reader_is_inside_message(&reader));
    assert_int_equal(ws_read(&reader, bytes + 3, 2, BIG, &taken, &piece), WS_READ_PIECE);
    assert_true(!piece.first && !piece.last && piece.payload.len == 2);
    assert_int_equal(ws_read(&reader, bytes + 5, 1, BIG, &taken, &piece), WS_READ_PIECE);
    assert_true(!piece.first && piece.last && piece.payload.len == 1);
    assert_false(ws_reader_is_inside_message(&reader));
}

TEST(bad_utf8_is_told_at_its_first_byte_though_the_frame_goes_on)
{
    struct ws_reader reader;
    ws_reader_init(&reader, WS_CLIENT);
    assert_int_equal(read_bytes(&reader, "\x81\x64ok\xed", 5, BIG), WS_READ_PIECE);
    assert_int_equal(read_bytes(&reader, "\xa0", 1, BIG), WS_READ_BAD_UTF8);
}

TEST(a_broken_header_is_told_at_the_byte_that_breaks_it)
{
    struct ws_reader reader;
    ws_reader_init(&reader, WS_CLIENT);
    assert_int_equal(read_bytes(&reader, "\xc1", 1, BIG), WS_READ_PROTOCOL);
    ws_reader_init(&reader, WS_CLIENT);
    assert_int_equal(read_bytes(&reader, "\x81", 1, BIG), WS_READ_MORE);
    assert_int_equal(read_bytes(&reader, "\x85", 1, BIG), WS_READ_PROTOCOL);
}

TEST(after_a_fault_nothing_more_is_handed_out)
{
    static const struct {
        const char *bytes;
        enum ws_read fault;
    } faults[] = {{"\x83\x01", WS_READ_PROTOCOL},
                  {"\x81\x01\xff", WS_READ_BAD_UTF8},
                  {"\x81\x07longer", WS_READ_TOO_BIG}};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct ws_reader reader;
        ws_reader_init(&reader, WS_CLIENT);
        assert_int_equal(read_bytes(&reader, faults[i].bytes, strlen(faults[i].bytes), 5),
                         faults[i].fault);
        for (int again = 0; again < 3; again++)
            assert_int_equal(read_bytes(&reader, "\x81\x02ok", 4, 5), WS_READ_PROTOCOL);
    }
}

TEST(reading_no_bytes_changes_nothing)
{
    struct ws_reader reader;
    ws_reader_init(&reader, WS_CLIENT);
    size_t taken = 9;
    struct ws_piece piece;
    assert_int_equal(ws_read(&reader, NULL, 0, BIG, &taken, &piece), WS_READ_MORE);
    assert_int_equal(taken, 0);
    assert_int_equal(read_bytes(&reader, "\x81\x02", 2, BIG), WS_READ_MORE);
    assert_int_equal(ws_read(&reader, NULL, 0, BIG, &taken, &piece), WS_READ_MORE);
    assert_int_equal(read_bytes(&reader, "ok", 2, BIG), WS_READ_PIECE);
}

TEST(the_mask_is_right_at_each_length_place_in_memory_and_place_in_the_mask)
{
    static const uint8_t mask[4] = {0x12, 0x34, 0x56, 0x78};
    for (size_t len = 0; len <= 80; len++) {
        for (size_t at = 0; at < 4; at++) {
            uint8_t bytes[96];
            for (size_t i = 0; i < sizeof bytes; i++)
                bytes[i] = (uint8_t)(i * 7);
            ws_mask(bytes + (len + at) % 9, len, mask, (unsigned)at);
            for (size_t i = 0; i < sizeof bytes; i++) {
                size_t in = i - (len + at) % 9;
                uint8_t expected = in < len ? mask[(at + in) % 4] : 0;
                assert_int_equal(bytes[i] ^ (uint8_t)(i * 7), expected);
            }
        }
    }
}

TEST(masking_stays_before_a_guard_page)
{
    static const uint8_t mask[4] = {1, 2, 3, 4};
    uint8_t bytes[70] = {0};
    for (size_t len = 0; len <= sizeof bytes; len++) {
        struct guard guard = guard_copy(bytes, len);
        ws_mask(guard.data, guard.len, mask, 0);
        if (len > 0)
            assert_int_equal(guard.data[len - 1], mask[(len - 1) % 4]);
        guard_fini(&guard);
    }
}

static const uint8_t a_mask[4] = {0x37, 0xfa, 0x21, 0x3d};

/* Some letters, as long as asked. */
static struct buf letters(size_t len)
{
    struct buf buf = {0};
    assert_int_equal(buf_reserve(&buf, len), 0);
    for (size_t i = 0; i < len; i++)
        buf.data[i] = (uint8_t)('a' + i % 26);
    buf.len = len;
    return buf;
}

static void expect_round_trip(enum ws_role reader_role, struct span payload, struct cut cut)
{
    struct buf frame = {0};
    struct buf expected = {0};
    const uint8_t *mask = reader_role == WS_SERVER ? a_mask : NULL;
    assert_int_equal(ws_write(&frame, WS_TEXT, payload, mask), 0);
    ws_transcribe_message(&expected, WS_TEXT, payload);
    assert_int_equal(buf_append_text(&expected, "end"), 0);
    assert_int_equal(buf_append(&expected, span_of("\n\0", 2)), 0);
    struct ws_script script = {
        .role = reader_role, .max_message_bytes = ANY_SIZE, .bytes = buf_span(&frame)};
    expect_transcript(&script, cut, "round trip", (const char *)expected.data);
    buf_fini(&frame);
    buf_fini(&expected);
}

TEST(what_is_written_reads_the_same_at_each_edge_of_the_lengths)
{
    static const size_t lengths[] = {0, 1, 4, 124, 125, 126, 127, 128, 65535, 65536, 65537, 200000};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct buf payload = letters(lengths[i]);
        for (uint64_t seed = 0; seed < 4; seed++) {
            struct cut cut = {.kind = seed == 0 ? CUT_NOWHERE : CUT_AT_RANDOM, .number = seed};
            expect_round_trip(WS_SERVER, buf_span(&payload), cut);
            expect_round_trip(WS_CLIENT, buf_span(&payload), cut);
        }
        buf_fini(&payload);
    }
}

TEST(a_header_is_2_4_or_10_bytes_by_the_length_of_the_payload)
{
    uint8_t header[WS_HEADER_MAX_BYTES];
    assert_int_equal(ws_write_header(header, WS_TEXT, 125), 2);
    assert_memory_equal(header, "\x81\x7d", 2);
    assert_int_equal(ws_write_header(header, WS_BINARY, 126), 4);
    assert_memory_equal(header, "\x82\x7e\x00\x7e", 4);
    assert_int_equal(ws_write_header(header, WS_BINARY, 65535), 4);
    assert_memory_equal(header, "\x82\x7e\xff\xff", 4);
    assert_int_equal(ws_write_header(header, WS_BINARY, 65536), 10);
    assert_memory_equal(header, "\x82\x7f\0\0\0\0\0\1\0\0", 10);
}

TEST(the_masked_example_of_the_rfc_is_written_as_it_stands_there)
{
    struct buf out = {0};
    assert_int_equal(ws_write(&out, WS_TEXT, span_of_text("Hello"), a_mask), 0);
    assert_int_equal(out.len, 11);
    assert_memory_equal(out.data, "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 11);
    buf_fini(&out);
}

TEST(a_compressed_message_is_written_with_rsv1)
{
    struct buf out = {0};
    struct span payload = span_of("\xf2\x48\xcd\xc9\xc9\x07\x00", 7);
    assert_int_equal(ws_write_compressed(&out, WS_TEXT, payload, NULL), 0);
    assert_int_equal(out.len, 9);
    assert_memory_equal(out.data, "\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00", 9);
    out.len = 0;
    assert_int_equal(ws_write_compressed(&out, WS_BINARY, span_of_text("Hello"), a_mask), 0);
    assert_int_equal(out.len, 11);
    assert_memory_equal(out.data, "\xc2\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 11);
    buf_fini(&out);
    uint8_t header[WS_HEADER_MAX_BYTES];
    assert_int_equal(ws_write_compressed_header(header, WS_TEXT, 126), 4);
    assert_memory_equal(header, "\xc1\x7e\x00\x7e", 4);
}

TEST(without_memory_nothing_is_written)
{
    struct buf out = {0};
    struct buf payload = letters(1000);
    assert_int_equal(ws_write(&out, WS_TEXT, span_of_text("Hello"), NULL), 0);
    mem_fail_after(0);
    assert_int_equal(ws_write(&out, WS_TEXT, buf_span(&payload), a_mask), ERR_NO_MEMORY);
    mem_fail_after(-1);
    assert_int_equal(out.len, 7);
    assert_memory_equal(out.data, "\x81\x05Hello", 7);
    buf_fini(&out);
    buf_fini(&payload);
}

static enum ws_read parse_close(const char *payload, size_t len)
{
    uint16_t code;
    struct span reason;
    return ws_close_parse(span_of(payload, len), &code, &reason);
}

TEST(a_close_payload_is_nothing_or_a_code_and_a_reason)
{
    uint16_t code = 0;
    struct span reason;
    assert_int_equal(ws_close_parse(span_of(NULL, 0), &code, &reason), WS_READ_MORE);
    assert_int_equal(code, WS_CLOSE_NO_STATUS);
    assert_int_equal(ws_close_parse(span_of("\x03\xe9"
                                            "away",
                                            6),
                                    &code, &reason),
                     WS_READ_MORE);
    assert_int_equal(code, WS_CLOSE_GOING_AWAY);
    assert_true(span_equals(reason, span_of_text("away")));
    assert_int_equal(parse_close("\x03", 1), WS_READ_PROTOCOL);
    assert_int_equal(parse_close("\x03\xe8\xff", 3), WS_READ_BAD_UTF8);
    assert_int_equal(parse_close("\x03\xe8\xc3", 3), WS_READ_BAD_UTF8);
}

TEST(only_codes_that_may_be_on_the_wire_are_taken)
{
    for (unsigned code = 0; code <= 65535; code++) {
        bool good = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
                    (code >= 3000 && code <= 4999);
        char payload[2] = {(char)(code >> 8), (char)(code & 0xff)};
        assert_int_equal(parse_close(payload, 2), good ? WS_READ_MORE : WS_READ_PROTOCOL);
    }
}

static void expect_close(uint16_t code, const char *reason, const void *frame, size_t len)
{
    struct buf out = {0};
    assert_int_equal(ws_write_close(&out, code, reason, NULL), 0);
    assert_int_equal(out.len, len);
    assert_memory_equal(out.data, frame, len);
    buf_fini(&out);
}

TEST(a_close_frame_is_written_with_a_code_a_reason_or_nothing)
{
    expect_close(1001, "away",
                 "\x88\x06\x03\xe9"
                 "away",
                 8);
    expect_close(1000, "", "\x88\x02\x03\xe8", 4);
    expect_close(1000, NULL, "\x88\x02\x03\xe8", 4);
    expect_close(WS_CLOSE_NO_STATUS, "not sent", "\x88\x00", 2);
}

TEST(a_reason_that_is_too_long_is_cut_between_two_characters)
{
    char reason[128] = {0};
    memset(reason, 'x', 127);
    struct buf out = {0};
    assert_int_equal(ws_write_close(&out, 1000, reason, NULL), 0);
    assert_int_equal(out.len, 2 + WS_CONTROL_MAX_BYTES);
    out.len = 0;
    memcpy(reason + 121, "\xe2\x82\xac", 3);
    assert_int_equal(ws_write_close(&out, 1000, reason, NULL), 0);
    assert_int_equal(out.len, 2 + 2 + 121);
    out.len = 0;
    memcpy(reason + 120, "\xe2\x82\xacx", 4);
    assert_int_equal(ws_write_close(&out, 1000, reason, NULL), 0);
    assert_int_equal(out.len, 2 + 2 + 123);
    buf_fini(&out);
}
