#include "tests/lib/codec_transcript.h"

#include <string.h>

#include "base/check.h"
#include "base/mem.h"
#include "codec/ws_handshake.h"
#include "codec/ws_message.h"
#include "tests/lib/guard.h"

/* A part of the script's bytes in memory of its own. */
struct part {
    uint8_t *data;
    size_t len;
    struct guard guard;
};

static struct part part_copy(struct span bytes, bool guarded)
{
    struct part part = {.len = bytes.len};
    if (guarded) {
        part.guard = guard_copy(bytes.data, bytes.len);
        part.data = part.guard.data;
    } else {
        part.data = mem_must(bytes.len > 0 ? bytes.len : 1);
        if (bytes.len > 0)
            memcpy(part.data, bytes.data, bytes.len);
    }
    return part;
}

static void part_fini(struct part *part)
{
    if (part->guard.map == NULL)
        mem_free(part->data);
    guard_fini(&part->guard);
}

/* splitmix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014) */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

/* How long the part at `at` is; `left` is over 0. */
static size_t part_bytes(struct cut *cut, size_t at, size_t left)
{
    switch (cut->kind) {
    case CUT_EVERYWHERE:
        return 1;
    case CUT_ONCE:
        return at < cut->number && cut->number < at + left ? (size_t)cut->number - at : left;
    case CUT_AT_RANDOM: {
        size_t most = draw(&cut->number) % 4 == 0 ? left : 16;
        return 1 + (size_t)(draw(&cut->number) % (most < left ? most : left));
    }
    default:
        return left;
    }
}

/* `take` gets each part in turn until it returns false. */
static void deliver(struct span bytes, struct cut cut, bool (*take)(struct part *part, void *ctx),
                    void *ctx)
{
    bool more = true;
    for (size_t at = 0; at < bytes.len && more;) {
        size_t len = part_bytes(&cut, at, bytes.len - at);
        struct part part = part_copy(span_of(bytes.data + at, len), cut.guarded);
        more = take(&part, ctx);
        part_fini(&part);
        at += len;
    }
}

static void append_text(struct buf *out, const char *text)
{
    CHECK(buf_append_text(out, text) == 0);
}

static void append_quoted(struct buf *out, struct span bytes)
{
    append_text(out, "\"");
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.data[i] >= ' ' && bytes.data[i] <= '~')
            CHECK(buf_append(out, span_of(bytes.data + i, 1)) == 0);
        else
            CHECK(buf_printf(out, "\\x%02x", bytes.data[i]) == 0);
    }
    append_text(out, "\"");
}

void ws_transcribe_message(struct buf *out, enum ws_opcode opcode, struct span payload)
{
    static const char *const names[16] = {[WS_TEXT] = "text",
                                          [WS_BINARY] = "binary",
                                          [WS_CLOSE] = "close",
                                          [WS_PING] = "ping",
                                          [WS_PONG] = "pong"};
    CHECK(names[opcode] != NULL);
    append_text(out, names[opcode]);
    append_text(out, " ");
    append_quoted(out, payload);
    append_text(out, "\n");
}

struct ws_listener {
    const struct ws_script *script;
    struct ws_reader reader;
    struct ws_gather gather;
    enum ws_opcode inside; /* the data message that has begun, or 0 */
    bool inside_compressed;
    bool inside_control;
    uint64_t message_bytes;
    enum ws_read result;
    struct buf *out;
};

static void check_order(struct ws_listener *listener, const struct ws_piece *piece)
{
    if (piece->opcode >= WS_CLOSE) {
        CHECK(piece->first != listener->inside_control && !piece->compressed);
        listener->inside_control = !piece->last;
        return;
    }
    CHECK(piece->opcode == WS_TEXT || piece->opcode == WS_BINARY);
    CHECK(!listener->inside_control);
    CHECK(piece->first == (listener->inside == 0));
    CHECK(piece->first ||
          (piece->opcode == listener->inside && piece->compressed == listener->inside_compressed));
    CHECK(!piece->compressed || listener->script->may_be_compressed);
    listener->inside_compressed = piece->compressed;
    listener->inside = piece->last ? 0 : piece->opcode;
    listener->message_bytes = piece->first ? 0 : listener->message_bytes;
    listener->message_bytes += piece->payload.len;
    CHECK(listener->message_bytes <= listener->script->max_message_bytes);
}

static void hear_piece(struct ws_listener *listener, const struct ws_piece *piece)
{
    struct span message;
    check_order(listener, piece);
    int whole = ws_gather_add(&listener->gather, piece, &message);
    CHECK(whole == (piece->last ? 1 : 0));
    if (whole == 0)
        return;
    CHECK(piece->opcode != WS_TEXT || piece->compressed || naive_utf8_is_valid(message));
    CHECK(piece->opcode < WS_CLOSE || message.len <= WS_CONTROL_MAX_BYTES);
    if (piece->compressed)
        append_text(listener->out, "compressed ");
    ws_transcribe_message(listener->out, piece->opcode, message);
    ws_gather_done(&listener->gather);
    if (listener->inside == 0)
        CHECK(ws_gather_bytes(&listener->gather) == 0);
}

static bool hear_part(struct part *part, void *ctx)
{
    struct ws_listener *listener = ctx;
    for (size_t at = 0; at < part->len;) {
        size_t taken = 0;
        struct ws_piece piece;
        listener->result = ws_read(&listener->reader, part->data + at, part->len - at,
                                   listener->script->max_message_bytes, &taken, &piece);
        CHECK(taken > 0 && taken <= part->len - at);
        CHECK(listener->result != WS_READ_MORE || taken == part->len - at);
        if (listener->result > WS_READ_PIECE)
            return false;
        if (listener->result == WS_READ_PIECE) {
            CHECK(piece.payload.len <= taken);
            CHECK(piece.payload.len == 0 ||
                  piece.payload.data + piece.payload.len == part->data + at + taken);
            hear_piece(listener, &piece);
        }
        at += taken;
    }
    return true;
}

void ws_transcribe(struct buf *out, const struct ws_script *script, struct cut cut)
{
    static const char *const ends[] = {[WS_READ_PROTOCOL] = "protocol error\n",
                                       [WS_READ_BAD_UTF8] = "bad utf8\n",
                                       [WS_READ_TOO_BIG] = "too big\n"};
    struct ws_listener listener = {.script = script, .out = out};
    ws_reader_init(&listener.reader, script->role);
    if (script->may_be_compressed)
        ws_reader_allow_compression(&listener.reader);
    deliver(script->bytes, cut, hear_part, &listener);
    if (listener.result > WS_READ_PIECE)
        append_text(out, ends[listener.result]);
    else
        append_text(out, ws_reader_is_inside_message(&listener.reader) ? "end inside a message\n"
                                                                       : "end\n");
    ws_gather_fini(&listener.gather);
}

struct http_listener {
    struct http_reader *reader;
    size_t taken;
    size_t body_bytes; /* its limit */
    bool refused;
    bool upgraded;
    struct buf *out;
};

static void append_field(struct http_listener *listener, const char *name)
{
    CHECK(buf_printf(listener->out, " %s %zu ", name, http_header_count(listener->reader, name)) ==
          0);
    append_quoted(listener->out, http_header(listener->reader, name));
}

static void hear_request(struct http_listener *listener)
{
    const struct http_reader *reader = listener->reader;
    struct buf *out = listener->out;
    CHECK(buf_printf(out, "%s ", http_method(reader)) == 0);
    append_quoted(out, http_target(reader));
    append_text(out, " ");
    append_quoted(out, http_path(reader));
    CHECK(buf_printf(out, "%s%s", http_is_1_1(reader) ? " 1.1" : " 1.0",
                     http_keep_alive(reader) ? " keep-alive" : " close") == 0);
    append_field(listener, "host");
    append_field(listener, "Sec-WebSocket-Key");
    append_field(listener, "X-A");
    struct fault fault;
    listener->upgraded = ws_handshake_is_wanted(reader);
    if (listener->upgraded)
        CHECK(buf_printf(out, " handshake %d", ws_handshake_check(reader, &fault)) == 0);
    if (http_body(reader).len > 0) {
        append_text(out, " body ");
        append_quoted(out, http_body(reader));
        CHECK(http_body(reader).len <= listener->body_bytes);
    }
    CHECK(buf_printf(out, " ends at %zu\n", listener->taken) == 0);
}

/* Where the head ends, whatever else has come. */
static void hear_continue(struct http_listener *listener)
{
    CHECK(listener->body_bytes > 0);
    CHECK(buf_printf(listener->out, "continue at %zu\n", listener->taken) == 0);
}

/* What must hold of the bytes that were taken up to here. */
static void check_taken(const struct part *part, size_t at, size_t taken, enum http_read result)
{
    CHECK(taken > 0 && (result != HTTP_READ_MORE || at == part->len));
    if (result == HTTP_READ_CONTINUE && taken >= 2)
        CHECK(part->data[at - 1] == '\n' && part->data[at - 2] == '\r');
}

static bool hear_http_part(struct part *part, void *ctx)
{
    struct http_listener *listener = ctx;
    for (size_t at = 0; at < part->len;) {
        size_t taken = 0;
        int status = 0;
        struct fault fault = {0};
        struct span rest = span_of(part->data + at, part->len - at);
        enum http_read result = http_read(listener->reader, rest, &taken, &status, &fault);
        CHECK(taken <= rest.len && (result == HTTP_READ_FAULT) == (status != 0));
        listener->taken += taken;
        at += taken;
        if (result == HTTP_READ_FAULT) {
            CHECK(fault.message[0] != '\0' && status >= 400 && status < 600);
            CHECK(buf_printf(listener->out, "fault %d %s %s\n", status, fault_name(fault.code),
                             fault.message) == 0);
            listener->refused = true;
            return false;
        }
        check_taken(part, at, taken, result);
        if (result == HTTP_READ_CONTINUE)
            hear_continue(listener);
        if (result != HTTP_READ_REQUEST)
            continue;
        hear_request(listener);
        if (listener->upgraded)
            return false;
        http_reader_next(listener->reader);
    }
    return true;
}

void http_transcribe(struct buf *out, const struct http_script *script, struct cut cut)
{
    struct http_listener listener = {.reader = http_reader_new(&script->limits),
                                     .body_bytes = script->limits.body_bytes,
                                     .out = out};
    CHECK(listener.reader != NULL);
    deliver(script->bytes, cut, hear_http_part, &listener);
    if (!listener.refused)
        append_text(out, listener.upgraded                        ? "upgrade\n"
                         : http_reader_has_begun(listener.reader) ? "end inside a request\n"
                                                                  : "end\n");
    http_reader_free(&listener.reader);
    CHECK(listener.reader == NULL);
}

/* The character's length, 0 when there is none. */
static size_t naive_length(uint8_t lead)
{
    if (lead < 0x80)
        return 1;
    if ((lead & 0xe0) == 0xc0)
        return 2;
    if ((lead & 0xf0) == 0xe0)
        return 3;
    return (lead & 0xf8) == 0xf0 ? 4 : 0;
}

static bool naive_is_character(const uint8_t *bytes, size_t len)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t value = len == 1 ? bytes[0] : bytes[0] & (0x7fU >> len);
    for (size_t i = 1; i < len; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return false;
        value = value << 6 | (bytes[i] & 0x3f);
    }
    return value >= smallest[len] && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
}

bool naive_utf8_is_valid(struct span text)
{
    for (size_t at = 0; at < text.len;) {
        size_t len = naive_length(text.data[at]);
        if (len == 0 || len > text.len - at || !naive_is_character(text.data + at, len))
            return false;
        at += len;
    }
    return true;
}
