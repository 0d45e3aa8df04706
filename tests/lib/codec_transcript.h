/*
 * codec_transcript: what a reader of src/codec makes of bytes, as a text that must be the same however the bytes were cut
 * up on the way.
 */
#ifndef SPECTATE_TESTS_LIB_CODEC_TRANSCRIPT_H
#define SPECTATE_TESTS_LIB_CODEC_TRANSCRIPT_H

#include <stdbool.h>

#include "base/buf.h"
#include "codec/http.h"
#include "codec/ws_frame.h"

/* Where bytes are cut. Each part is put at the end of its own memory, so that a sanitizer sees a read past it. */
enum cut_kind { CUT_NOWHERE, CUT_EVERYWHERE, CUT_ONCE, CUT_AT_RANDOM };

struct cut {
    enum cut_kind kind;
    uint64_t number; /* CUT_ONCE: where; CUT_AT_RANDOM: the seed */
    bool guarded;    /* each part ends at an unreadable page */
};

struct ws_script {
    enum ws_role role;
    bool may_be_compressed; /* messages with RSV1 are let in */
    uint64_t max_message_bytes;
    struct span bytes;
};

/*
 * Append a line for each message and control frame (`text "Hello"`, other bytes as \xNN; of a message with RSV1 `compressed
 * text ...`, its bytes as they came), and one for the end: `end`,
 * `end inside a message`, `protocol error`, `bad utf8`, `too big`. What must hold for each piece is CHECKed.
 */
void ws_transcribe(struct buf *out, const struct ws_script *script, struct cut cut);

/* Just such a line. */
void ws_transcribe_message(struct buf *out, enum ws_opcode opcode, struct span payload);

struct http_script {
    struct http_limits limits;
    struct span bytes;
};

/*
 * Append, for each request, its request line, where its head ended, and its headers that matter here; in the end the fault
 * or what is left over. Stops behind an upgrade.
 */
void http_transcribe(struct buf *out, const struct http_script *script, struct cut cut);

/* RFC 3629 by arithmetic, one character after the other. */
bool naive_utf8_is_valid(struct span text);

#endif
