/*
 * ws_frame: WebSocket frames (RFC 6455 section 5), incremental, without I/O or memory of its own.
 *
 * The reader takes bytes as they come, one at a time if need be, checks every rule of section 5 and UTF-8 (section 8.1) as it
 * streams, unmasks in place, and hands out pieces of payload that lie in the caller's own buffer. A message that arrives
 * whole is one piece: no copy. Whoever wants messages that arrive in parts puts the pieces together (codec/ws_message.h).
 */
#ifndef SPECTATE_CODEC_WS_FRAME_H
#define SPECTATE_CODEC_WS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

enum ws_opcode {
    WS_CONTINUATION = 0x0,
    WS_TEXT = 0x1,
    WS_BINARY = 0x2,
    WS_CLOSE = 0x8,
    WS_PING = 0x9,
    WS_PONG = 0xa,
};

/* RFC 6455 section 7.4.1 */
enum ws_close_code {
    WS_CLOSE_NORMAL = 1000,
    WS_CLOSE_GOING_AWAY = 1001,
    WS_CLOSE_PROTOCOL_ERROR = 1002,
    WS_CLOSE_UNSUPPORTED = 1003,
    WS_CLOSE_NO_STATUS = 1005, /* never on the wire */
    WS_CLOSE_BAD_DATA = 1007,
    WS_CLOSE_POLICY = 1008,
    WS_CLOSE_TOO_BIG = 1009,
    WS_CLOSE_INTERNAL = 1011,
};

#define WS_CONTROL_MAX_BYTES 125
#define WS_HEADER_MAX_BYTES 14

enum ws_role { WS_SERVER, WS_CLIENT }; /* a server's peer must mask, a client's must not */

enum ws_read {
    WS_READ_MORE,     /* all bytes were taken, nothing to hand out */
    WS_READ_PIECE,    /* `piece` is filled */
    WS_READ_PROTOCOL, /* 1002: reserved bits or opcode, mask, length, fragmentation, close payload */
    WS_READ_BAD_UTF8, /* 1007 */
    WS_READ_TOO_BIG,  /* 1009: the message is over max_message_bytes */
};

/* Private to ws_frame.c but for its size. Between messages it is as ws_reader_init() made it, and need not be kept. */
struct ws_reader {
    uint64_t payload_left;  /* of the frame being read */
    uint64_t message_bytes; /* of the data message so far, all fragments */
    uint32_t utf8_state;
    uint8_t header[WS_HEADER_MAX_BYTES]; /* while the payload is read: the mask, in front */
    uint8_t header_len;                  /* bytes of `header` that are there */
    uint8_t mask_at;
    uint8_t opcode;         /* of the frame being read */
    uint8_t message_opcode; /* of the data message being read, 0 between messages */
    bool is_client : 1;
    bool in_payload : 1;
    bool spent : 1;
    bool fin : 1;
    bool frame_began : 1;   /* a piece of this frame was handed out */
    bool message_began : 1; /* a piece of this data message was handed out */
    bool may_be_compressed : 1;
    bool compressed : 1; /* the data message */
};

struct ws_piece {
    enum ws_opcode
        opcode; /* WS_TEXT or WS_BINARY for all pieces of a data message, else the control opcode */
    struct span payload; /* unmasked, in the caller's buffer */
    bool first;          /* the message (or control frame) begins here */
    bool last;           /* and ends here */
    bool compressed;     /* for all pieces of a data message: it began with RSV1 */
};

void ws_reader_init(struct ws_reader *reader, enum ws_role role);

/*
 * permessage-deflate was agreed on (codec/ws_extension.h): RSV1 may be set on the first frame of a data message (RFC 7692
 * section 6), and only there. Of such a message, `max_message_bytes` bounds what comes in, and UTF-8 is not checked.
 */
void ws_reader_allow_compression(struct ws_reader *reader);

/*
 * Take bytes from `bytes` (which is unmasked in place) until there is a piece to hand out, an error, or no byte left;
 * `*taken` gets how many. `max_message_bytes` bounds a data message with all its fragments; control frames have their own
 * bound. A frame without payload gives a piece with an empty one. A fault is told as soon as the byte that makes it one
 * is there; after it the reader is spent: it takes all bytes and says WS_READ_PROTOCOL, nothing of them is handed out. Text
 * is checked across pieces: a text message whose last piece was handed out is valid UTF-8. A close frame's payload is checked by ws_close_parse().
 */
enum ws_read ws_read(struct ws_reader *reader, uint8_t *bytes, size_t len,
                     uint64_t max_message_bytes, size_t *taken, struct ws_piece *piece);

/* In the middle of a frame or of a fragmented message. */
bool ws_reader_is_inside_message(const struct ws_reader *reader);

/* XOR `len` bytes in place with the mask, beginning at mask byte `at` (0 to 3); 8 bytes or more at a time. */
void ws_mask(uint8_t *bytes, size_t len, const uint8_t mask[4], unsigned at);

/*
 * Append one unfragmented frame with FIN. `mask` NULL: unmasked, as a server sends; else the four mask bytes of a client.
 * 0 or ERR_NO_MEMORY with `out` as it was.
 */
int ws_write(struct buf *out, enum ws_opcode opcode, struct span payload, const uint8_t *mask);

/* Likewise, of a data message whose payload was compressed (codec/ws_deflate.h): with RSV1. */
int ws_write_compressed(struct buf *out, enum ws_opcode opcode, struct span payload,
                        const uint8_t *mask);

/* Write the header of an unfragmented, unmasked frame; returns its length, 2 to 10. */
size_t ws_write_header(uint8_t header[WS_HEADER_MAX_BYTES], enum ws_opcode opcode,
                       uint64_t payload_bytes);
size_t ws_write_compressed_header(uint8_t header[WS_HEADER_MAX_BYTES], enum ws_opcode opcode,
                                  uint64_t payload_bytes);

/*
 * Append a close frame: code and a reason (UTF-8 or NULL) of at most 123 bytes, cut between characters when longer. With
 * WS_CLOSE_NO_STATUS the payload is empty. 0 or ERR_NO_MEMORY with `out` as it was.
 */
int ws_write_close(struct buf *out, uint16_t code, const char *reason, const uint8_t *mask);

/*
 * A close frame's payload (section 5.5.1, 7.4): WS_READ_MORE when well-formed, with the code in `*code`
 * (WS_CLOSE_NO_STATUS when empty) and the reason's text; WS_READ_PROTOCOL: one byte, or a code that must not be on the wire;
 * WS_READ_BAD_UTF8.
 */
enum ws_read ws_close_parse(struct span payload, uint16_t *code, struct span *reason);

#endif
