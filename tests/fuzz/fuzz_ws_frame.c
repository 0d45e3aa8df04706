/*
 * fuzz_ws_frame: frames however cut read the same, and as a naive reader reads them that has all bytes before it; what is
 * written reads back the same.
 *
 * Input: a byte of settings (bit 0 the role, bit 1 a small limit, bit 2 RSV1 allowed), a byte that seeds the random cuts, the frames.
 */
#include <string.h>

#include "base/check.h"
#include "codec/ws_frame.h"
#include "tests/lib/codec_transcript.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct naive_frame {
    unsigned opcode;
    bool fin;
    bool compressed;
    size_t header_len;
    uint64_t length;
    uint8_t mask[4];
};

struct naive_reader {
    const struct ws_script *script;
    size_t at;
    unsigned message_opcode;
    bool compressed; /* the message */
    struct buf message;
    struct buf *out;
};

/* RFC 6455 section 5.2, with the whole header there. False: the header breaks a rule that needs no memory of frames. */
static bool naive_header(const struct ws_script *script, const uint8_t *bytes,
                         struct naive_frame *frame)
{
    bool masked = (bytes[1] & 0x80) != 0;
    unsigned short_length = bytes[1] & 0x7f;
    size_t extended = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
    frame->opcode = bytes[0] & 0x0f;
    frame->fin = (bytes[0] & 0x80) != 0;
    frame->compressed = script->may_be_compressed && (bytes[0] & 0x70) == 0x40;
    frame->length = extended == 0 ? short_length : 0;
    for (size_t i = 0; i < extended; i++)
        frame->length = frame->length * 256 + bytes[2 + i];
    memset(frame->mask, 0, sizeof frame->mask);
    if (masked)
        memcpy(frame->mask, bytes + 2 + extended, sizeof frame->mask);
    frame->header_len = 2 + extended + (masked ? 4 : 0);
    if ((bytes[0] & 0x70) != 0 && !frame->compressed)
        return false;
    if (frame->compressed && frame->opcode != 1 && frame->opcode != 2)
        return false;
    if (masked != (script->role == WS_SERVER) || frame->length >> 63 != 0)
        return false;
    if ((extended == 2 && frame->length < 126) || (extended == 8 && frame->length < 65536))
        return false;
    if (frame->opcode >= 8)
        return frame->opcode <= 10 && frame->fin && frame->length <= 125;
    return frame->opcode <= 2;
}

/* The next frame; its payload, as far as it is there, is unmasked and appended. False: the transcript has its end. */
static bool naive_frame(struct naive_reader *reader, struct naive_frame *frame, struct buf *payload)
{
    struct span bytes = reader->script->bytes;
    /* What is missing is taken for zeros: a frame that is broken with them is not judged, see judged_alike(). */
    uint8_t header[WS_HEADER_MAX_BYTES] = {0};
    size_t left = bytes.len - reader->at;
    memcpy(header, bytes.data + reader->at, left < sizeof header ? left : sizeof header);
    bool good = naive_header(reader->script, header, frame);
    bool control = frame->opcode >= 8;
    if (good && !control)
        good = (frame->opcode == WS_CONTINUATION) == (reader->message_opcode != 0);
    if (!good) {
        CHECK(buf_append_text(reader->out, "protocol error\n") == 0);
        return false;
    }
    if (!control && frame->length > reader->script->max_message_bytes - reader->message.len) {
        CHECK(buf_append_text(reader->out, "too big\n") == 0);
        return false;
    }
    for (size_t i = 0; i < frame->length && frame->header_len + i < left; i++) {
        uint8_t byte = bytes.data[reader->at + frame->header_len + i] ^ frame->mask[i % 4];
        CHECK(buf_append(payload, span_of(&byte, 1)) == 0);
    }
    return true;
}

/* Nothing that follows can make the text valid. */
static bool is_beyond_repair(struct span text)
{
    for (size_t missing = 0; missing <= 3; missing++) {
        static const uint8_t tails[][3] = {
            {0x80, 0x80, 0x80}, {0xbf, 0xbf, 0xbf}, {0xa0, 0x80, 0x80}, {0x90, 0x80, 0x80}};
        for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
            struct buf whole = {0};
            CHECK(buf_append(&whole, text) == 0);
            CHECK(buf_append(&whole, span_of(tails[i], missing)) == 0);
            bool valid = naive_utf8_is_valid(buf_span(&whole));
            buf_fini(&whole);
            if (valid)
                return false;
        }
    }
    return true;
}

static bool naive_text_is_good(const struct naive_reader *reader, bool whole)
{
    if (reader->message_opcode != WS_TEXT || reader->compressed)
        return true;
    struct span text = buf_span(&reader->message);
    return whole ? naive_utf8_is_valid(text) : !is_beyond_repair(text);
}

static bool naive_data(struct naive_reader *reader, const struct naive_frame *frame,
                       struct span payload)
{
    if (frame->opcode != WS_CONTINUATION) {
        reader->message_opcode = frame->opcode;
        reader->compressed = frame->compressed;
    }
    CHECK(buf_append(&reader->message, payload) == 0);
    bool whole = frame->fin && payload.len == frame->length;
    if (!naive_text_is_good(reader, whole)) {
        CHECK(buf_append_text(reader->out, "bad utf8\n") == 0);
        return false;
    }
    if (whole) {
        if (reader->compressed)
            CHECK(buf_append_text(reader->out, "compressed ") == 0);
        ws_transcribe_message(reader->out, reader->message_opcode, buf_span(&reader->message));
        reader->message_opcode = 0;
        reader->message.len = 0;
    }
    return true;
}

/* False at the end of the transcript. */
static bool naive_step(struct naive_reader *reader)
{
    size_t left = reader->script->bytes.len - reader->at;
    if (left == 0) {
        CHECK(buf_append_text(reader->out, reader->message_opcode != 0 ? "end inside a message\n"
                                                                       : "end\n") == 0);
        return false;
    }
    struct naive_frame frame;
    struct buf payload = {0};
    bool more = naive_frame(reader, &frame, &payload);
    if (more && frame.opcode < 8)
        more = left < frame.header_len || naive_data(reader, &frame, buf_span(&payload));
    bool whole = left >= frame.header_len && payload.len == frame.length;
    if (more && frame.opcode >= 8 && whole)
        ws_transcribe_message(reader->out, frame.opcode, buf_span(&payload));
    buf_fini(&payload);
    if (more && !whole)
        CHECK(buf_append_text(reader->out, "end inside a message\n") == 0);
    reader->at += frame.header_len + (size_t)frame.length;
    return more && whole;
}

static void naive_transcribe(struct buf *out, const struct ws_script *script)
{
    struct naive_reader reader = {.script = script, .out = out};
    while (naive_step(&reader))
        continue;
    buf_fini(&reader.message);
}

static bool ends_with(const struct buf *text, const char *end)
{
    size_t len = strlen(end);
    return text->len >= len && memcmp(text->data + text->len - len, end, len) == 0;
}

/* The naive reader fills a header that is cut short with zeros, and may so find an error that is not there yet. */
static bool judged_alike(const struct buf *naive, const struct buf *read)
{
    if (span_equals(buf_span(naive), buf_span(read)))
        return true;
    return ends_with(read, "end inside a message\n") && !ends_with(naive, "end\n");
}

static void expect_same_however_cut(const struct ws_script *script, uint8_t seed)
{
    const struct cut cuts[] = {{.kind = CUT_EVERYWHERE},
                               {.kind = CUT_AT_RANDOM, .number = seed},
                               {.kind = CUT_ONCE, .number = seed}};
    struct buf whole = {0};
    struct buf naive = {0};
    ws_transcribe(&whole, script, (struct cut){.kind = CUT_NOWHERE});
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        struct buf other = {0};
        ws_transcribe(&other, script, cuts[i]);
        CHECK(span_equals(buf_span(&whole), buf_span(&other)));
        buf_fini(&other);
    }
    naive_transcribe(&naive, script);
    CHECK(judged_alike(&naive, &whole));
    buf_fini(&whole);
    buf_fini(&naive);
}

static void expect_to_read_back(enum ws_role role, struct span payload, uint8_t seed)
{
    static const enum ws_opcode opcodes[] = {WS_BINARY, WS_TEXT, WS_PING};
    enum ws_opcode opcode = opcodes[seed % 3];
    if (opcode == WS_PING && payload.len > WS_CONTROL_MAX_BYTES)
        payload.len = WS_CONTROL_MAX_BYTES;
    if (opcode == WS_TEXT && !naive_utf8_is_valid(payload))
        opcode = WS_BINARY;
    const uint8_t mask[4] = {seed, 0xff, 0, (uint8_t)(seed * 3)};
    struct buf frame = {0};
    struct buf expected = {0};
    struct buf read = {0};
    CHECK(ws_write(&frame, opcode, payload, role == WS_SERVER ? mask : NULL) == 0);
    ws_transcribe_message(&expected, opcode, payload);
    CHECK(buf_append_text(&expected, "end\n") == 0);
    struct ws_script script = {
        .role = role, .max_message_bytes = payload.len, .bytes = buf_span(&frame)};
    ws_transcribe(&read, &script, (struct cut){.kind = CUT_AT_RANDOM, .number = seed});
    CHECK(span_equals(buf_span(&expected), buf_span(&read)));
    buf_fini(&frame);
    buf_fini(&expected);
    buf_fini(&read);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct ws_script script = {
        .role = (data[0] & 1) != 0 ? WS_CLIENT : WS_SERVER,
        .may_be_compressed = (data[0] & 4) != 0,
        .max_message_bytes = (data[0] & 2) != 0 ? 16 : 100000,
        .bytes = span_of(data + 2, size - 2),
    };
    expect_same_however_cut(&script, data[1]);
    expect_to_read_back(script.role, script.bytes, data[1]);
    return 0;
}
