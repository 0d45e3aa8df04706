/*
 * A frame is read in two steps: its header, byte by byte, each rule checked at the byte that can break it; then its payload,
 * as much at a time as is there. Between the two only the mask is kept of the header.
 */
#include "codec/ws_frame.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "codec/utf8.h"

#define FIN_BIT 0x80
#define RSV1_BIT 0x40
#define RESERVED_BITS 0x70
#define OPCODE_BITS 0x0f
#define MASK_BIT 0x80
#define LENGTH_BITS 0x7f
#define LENGTH_16 126
#define LENGTH_64 127
#define MASK_BYTES 4
#define REASON_MAX_BYTES (WS_CONTROL_MAX_BYTES - 2)

_Static_assert(sizeof(struct ws_reader) <= 40, "every session in the middle of a message has one");

void ws_reader_init(struct ws_reader *reader, enum ws_role role)
{
    *reader = (struct ws_reader){.is_client = role == WS_CLIENT};
}

void ws_reader_allow_compression(struct ws_reader *reader)
{
    reader->may_be_compressed = true;
}

bool ws_reader_is_inside_message(const struct ws_reader *reader)
{
    return reader->header_len > 0 || reader->message_opcode != 0;
}

static bool is_control(unsigned opcode)
{
    return (opcode & 0x8) != 0;
}

/* How many bytes hold the length, without the mask: 2, 4 or 10. Known once the second byte is there. */
static size_t bytes_to_length_end(const struct ws_reader *reader)
{
    switch (reader->header[1] & LENGTH_BITS) {
    case LENGTH_64:
        return 10;
    case LENGTH_16:
        return 4;
    default:
        return 2;
    }
}

static size_t header_bytes(const struct ws_reader *reader)
{
    return bytes_to_length_end(reader) + (reader->is_client ? 0 : MASK_BYTES);
}

/* None, or RSV1 where a message may say that it is compressed. */
static bool reserved_bits_are_good(const struct ws_reader *reader, uint8_t first_byte)
{
    unsigned bits = first_byte & RESERVED_BITS;
    unsigned opcode = first_byte & OPCODE_BITS;
    bool begins_message = opcode == WS_TEXT || opcode == WS_BINARY;
    return bits == 0 || (bits == RSV1_BIT && reader->may_be_compressed && begins_message);
}

static enum ws_read take_first_byte(struct ws_reader *reader)
{
    uint8_t byte = reader->header[0];
    uint8_t opcode = byte & OPCODE_BITS;
    reader->fin = (byte & FIN_BIT) != 0;
    reader->opcode = opcode;
    reader->frame_began = false;
    if (!reserved_bits_are_good(reader, byte))
        return WS_READ_PROTOCOL;
    if (is_control(opcode))
        return opcode <= WS_PONG && reader->fin ? WS_READ_MORE : WS_READ_PROTOCOL;
    if (opcode > WS_BINARY)
        return WS_READ_PROTOCOL;
    bool continues = reader->message_opcode != 0;
    if (continues != (opcode == WS_CONTINUATION))
        return WS_READ_PROTOCOL;
    if (!continues) {
        reader->message_opcode = opcode;
        reader->compressed = (byte & RSV1_BIT) != 0;
    }
    return WS_READ_MORE;
}

static enum ws_read check_second_byte(const struct ws_reader *reader)
{
    uint8_t byte = reader->header[1];
    bool masked = (byte & MASK_BIT) != 0;
    if (masked == reader->is_client)
        return WS_READ_PROTOCOL;
    if (is_control(reader->opcode) && (byte & LENGTH_BITS) > WS_CONTROL_MAX_BYTES)
        return WS_READ_PROTOCOL;
    return WS_READ_MORE;
}

static uint64_t big_endian(const uint8_t *bytes, size_t len)
{
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++)
        value = value << 8 | bytes[i];
    return value;
}

static enum ws_read take_length(struct ws_reader *reader, uint64_t max_message_bytes)
{
    size_t end = bytes_to_length_end(reader);
    uint64_t length =
        end == 2 ? reader->header[1] & LENGTH_BITS : big_endian(reader->header + 2, end - 2);
    bool not_shortest = (end == 4 && length < LENGTH_16) || (end == 10 && length <= UINT16_MAX);
    if (not_shortest || length > INT64_MAX)
        return WS_READ_PROTOCOL;
    reader->payload_left = length;
    if (is_control(reader->opcode))
        return WS_READ_MORE;
    if (reader->message_bytes > max_message_bytes ||
        length > max_message_bytes - reader->message_bytes)
        return WS_READ_TOO_BIG;
    reader->message_bytes += length;
    return WS_READ_MORE;
}

/* Of the header, byte number `header_len` has just arrived. */
static enum ws_read check_header(struct ws_reader *reader, uint64_t max_message_bytes)
{
    enum ws_read result = WS_READ_MORE;
    if (reader->header_len == 1)
        return take_first_byte(reader);
    if (reader->header_len == 2)
        result = check_second_byte(reader);
    if (result == WS_READ_MORE && reader->header_len == bytes_to_length_end(reader))
        result = take_length(reader, max_message_bytes);
    return result;
}

static void begin_payload(struct ws_reader *reader)
{
    if (!reader->is_client)
        memmove(reader->header, reader->header + bytes_to_length_end(reader), MASK_BYTES);
    reader->mask_at = 0;
    reader->in_payload = true;
}

static enum ws_read read_header(struct ws_reader *reader, struct span bytes,
                                uint64_t max_message_bytes, size_t *taken)
{
    while (*taken < bytes.len && !reader->in_payload) {
        reader->header[reader->header_len++] = bytes.data[(*taken)++];
        enum ws_read result = check_header(reader, max_message_bytes);
        if (result != WS_READ_MORE)
            return result;
        if (reader->header_len >= 2 && reader->header_len == header_bytes(reader))
            begin_payload(reader);
    }
    return WS_READ_MORE;
}

static void unmask(struct ws_reader *reader, uint8_t *bytes, size_t len)
{
    if (reader->is_client)
        return;
    ws_mask(bytes, len, reader->header, reader->mask_at);
    reader->mask_at = (uint8_t)((reader->mask_at + len) % MASK_BYTES);
}

static bool is_text_so_far(struct ws_reader *reader, const struct ws_piece *piece)
{
    if (piece->opcode != WS_TEXT || piece->compressed)
        return true;
    return utf8_check(&reader->utf8_state, piece->payload) &&
           (!piece->last || reader->utf8_state == UTF8_START);
}

static void end_frame(struct ws_reader *reader)
{
    reader->in_payload = false;
    reader->header_len = 0;
    if (is_control(reader->opcode) || !reader->fin)
        return;
    reader->message_opcode = 0;
    reader->message_bytes = 0;
    reader->message_began = false;
}

/* `payload`: what has arrived of this frame's payload, maybe nothing when it has none. */
static enum ws_read hand_out(struct ws_reader *reader, struct span payload, struct ws_piece *piece)
{
    bool control = is_control(reader->opcode);
    reader->payload_left -= payload.len;
    *piece = (struct ws_piece){
        .opcode = control ? reader->opcode : reader->message_opcode,
        .payload = payload,
        .first = control ? !reader->frame_began : !reader->message_began,
        .last = reader->fin && reader->payload_left == 0,
        .compressed = !control && reader->compressed,
    };
    if (!is_text_so_far(reader, piece))
        return WS_READ_BAD_UTF8;
    reader->frame_began = true;
    if (!control)
        reader->message_began = true;
    if (reader->payload_left == 0)
        end_frame(reader);
    return WS_READ_PIECE;
}

static enum ws_read read_header_unless_spent(struct ws_reader *reader, struct span bytes,
                                             uint64_t max_message_bytes, size_t *taken)
{
    if (reader->spent) {
        *taken = bytes.len;
        return WS_READ_PROTOCOL;
    }
    return read_header(reader, bytes, max_message_bytes, taken);
}

static enum ws_read read_payload(struct ws_reader *reader, uint8_t *bytes, size_t len,
                                 struct ws_piece *piece)
{
    unmask(reader, bytes, len);
    return hand_out(reader, span_of(bytes, len), piece);
}

enum ws_read ws_read(struct ws_reader *reader, uint8_t *bytes, size_t len,
                     uint64_t max_message_bytes, size_t *taken, struct ws_piece *piece)
{
    *taken = 0;
    enum ws_read result =
        read_header_unless_spent(reader, span_of(bytes, len), max_message_bytes, taken);
    size_t arrived = len - *taken;
    if (result == WS_READ_MORE && reader->in_payload &&
        (arrived > 0 || reader->payload_left == 0)) {
        uint8_t *payload = bytes + *taken;
        if (arrived > reader->payload_left)
            arrived = (size_t)reader->payload_left;
        *taken += arrived;
        result = read_payload(reader, payload, arrived, piece);
    }
    reader->spent = result > WS_READ_PIECE;
    return result;
}

/* Words are loaded and stored as they lie, so the byte order does not matter. */
static void mask_word(uint8_t *at, uint64_t mask)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    word ^= mask;
    memcpy(at, &word, sizeof word);
}

void ws_mask(uint8_t *bytes, size_t len, const uint8_t mask[4], unsigned at)
{
    uint8_t turned[8];
    for (unsigned i = 0; i < sizeof turned; i++)
        turned[i] = mask[(at + i) % MASK_BYTES];
    uint64_t word;
    memcpy(&word, turned, sizeof word);
    size_t i = 0;
    for (; len - i >= 32; i += 32) {
        mask_word(bytes + i, word);
        mask_word(bytes + i + 8, word);
        mask_word(bytes + i + 16, word);
        mask_word(bytes + i + 24, word);
    }
    for (; len - i >= 8; i += 8)
        mask_word(bytes + i, word);
    for (; i < len; i++)
        bytes[i] ^= turned[i % 8];
}

size_t ws_write_header(uint8_t header[WS_HEADER_MAX_BYTES], enum ws_opcode opcode,
                       uint64_t payload_bytes)
{
    size_t extended = 0;
    uint8_t length = (uint8_t)payload_bytes;
    if (payload_bytes >= LENGTH_16) {
        length = payload_bytes <= UINT16_MAX ? LENGTH_16 : LENGTH_64;
        extended = length == LENGTH_16 ? 2 : 8;
    }
    header[0] = (uint8_t)(FIN_BIT | (unsigned)opcode);
    header[1] = length;
    for (size_t i = 0; i < extended; i++)
        header[2 + i] = (uint8_t)(payload_bytes >> (8 * (extended - 1 - i)));
    return 2 + extended;
}

size_t ws_write_compressed_header(uint8_t header[WS_HEADER_MAX_BYTES], enum ws_opcode opcode,
                                  uint64_t payload_bytes)
{
    CHECK(opcode == WS_TEXT || opcode == WS_BINARY);
    size_t len = ws_write_header(header, opcode, payload_bytes);
    header[0] |= RSV1_BIT;
    return len;
}

struct frame_header {
    uint8_t bytes[WS_HEADER_MAX_BYTES];
    size_t len;
};

/* `header` says nothing of a mask yet. */
static int append_frame(struct buf *out, struct frame_header *header, struct span payload,
                        const uint8_t *mask)
{
    if (mask != NULL) {
        header->bytes[1] |= MASK_BIT;
        memcpy(header->bytes + header->len, mask, MASK_BYTES);
        header->len += MASK_BYTES;
    }
    if (payload.len > SIZE_MAX - header->len || buf_reserve(out, header->len + payload.len) < 0)
        return ERR_NO_MEMORY;
    size_t payload_at = out->len + header->len;
    CHECK(buf_append(out, span_of(header->bytes, header->len)) == 0 &&
          buf_append(out, payload) == 0);
    if (mask != NULL)
        ws_mask(out->data + payload_at, payload.len, mask, 0);
    return 0;
}

int ws_write(struct buf *out, enum ws_opcode opcode, struct span payload, const uint8_t *mask)
{
    CHECK(!is_control(opcode) || payload.len <= WS_CONTROL_MAX_BYTES);
    struct frame_header header;
    header.len = ws_write_header(header.bytes, opcode, payload.len);
    return append_frame(out, &header, payload, mask);
}

int ws_write_compressed(struct buf *out, enum ws_opcode opcode, struct span payload,
                        const uint8_t *mask)
{
    struct frame_header header;
    header.len = ws_write_compressed_header(header.bytes, opcode, payload.len);
    return append_frame(out, &header, payload, mask);
}

/* Section 7.4; 1012 to 1014 are later entries of IANA's registry. */
static bool may_be_on_the_wire(unsigned code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

/* The longest whole characters of `reason` that fit. */
static size_t reason_bytes(const char *reason)
{
    size_t len = reason == NULL ? 0 : strlen(reason);
    if (len <= REASON_MAX_BYTES)
        return len;
    for (len = REASON_MAX_BYTES; len > 0 && ((uint8_t)reason[len] & 0xc0) == 0x80;)
        len--;
    return len;
}

int ws_write_close(struct buf *out, uint16_t code, const char *reason, const uint8_t *mask)
{
    if (code == WS_CLOSE_NO_STATUS)
        return ws_write(out, WS_CLOSE, span_of(NULL, 0), mask);
    CHECK(may_be_on_the_wire(code));
    uint8_t payload[WS_CONTROL_MAX_BYTES] = {(uint8_t)(code >> 8), (uint8_t)code};
    size_t reason_len = reason_bytes(reason);
    if (reason_len > 0)
        memcpy(payload + 2, reason, reason_len);
    return ws_write(out, WS_CLOSE, span_of(payload, 2 + reason_len), mask);
}

enum ws_read ws_close_parse(struct span payload, uint16_t *code, struct span *reason)
{
    *code = WS_CLOSE_NO_STATUS;
    *reason = span_of(NULL, 0);
    if (payload.len == 0)
        return WS_READ_MORE;
    if (payload.len == 1)
        return WS_READ_PROTOCOL;
    *code = (uint16_t)big_endian(payload.data, 2);
    if (!may_be_on_the_wire(*code))
        return WS_READ_PROTOCOL;
    *reason = span_of(payload.data + 2, payload.len - 2);
    return utf8_is_valid(*reason) ? WS_READ_MORE : WS_READ_BAD_UTF8;
}
