/*
 * v1: what a client says in the dialect spectate.v1, as JSON text (docs/protocol.md, "Dialect v1").
 *
 *   {"type":"hello","id":1,"token":"eyJ..","userId":7}
 *   {"type":"follow","id":2,"runners":[7,"8"],"groups":["*","elite"],"since":"AVx..","every":1000}
 *   {"type":"unfollow","id":3,"runners":[7],"groups":["elite"]}
 *   {"type":"position","id":4,"userId":7,"lat":48.8568,"lng":2.2927,"time":1732600000000,"accuracy":4.5}
 *   {"type":"positions","id":5,"userId":7,"positions":[{"lat":48.8568,"lng":2.2927},..]}
 *   {"type":"token","id":6,"token":"eyJ.."}
 *   {"type":"ping","id":7}
 *
 * What the server answers is written by proto/v1_answer.h, what followers get by proto/v1_live.h.
 */
#ifndef SPECTATE_PROTO_V1_H
#define SPECTATE_PROTO_V1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/span.h"
#include "proto/cursor.h"
#include "proto/json_text.h"
#include "proto/position.h"

#define V1_SUBPROTOCOL "spectate.v1"

#define V1_REQUEST_ID_BYTES 64
#define V1_GROUP_BYTES RUNNER_ID_BYTES
#define V1_GROUP_ALL "*" /* the group that everybody is in */

/* A request's own id as JSON text, ready to be repeated: of the value that was sent, in the shortest form. `len` 0: it has none. */
struct v1_request_id {
    uint16_t len;
    char text[JSON_TEXT_STRING_BYTES(V1_REQUEST_ID_BYTES)];
};

/* A runner that a message names, in the form in which it does. `id.len` 0: none. */
struct v1_user {
    struct runner_id id;
    bool is_number;
};

/* A list of names, whose memory is used again. Owned by the message. */
struct v1_names {
    struct runner_id *items;
    size_t count;
    size_t capacity;
};

enum v1_kind {
    V1_HELLO,
    V1_FOLLOW,
    V1_UNFOLLOW,
    V1_POSITION, /* one in `positions` */
    V1_POSITIONS,
    V1_TOKEN,
    V1_PING,
};

enum v1_since {
    V1_SINCE_NOTHING, /* the newest of each runner is wanted */
    V1_SINCE_CURSOR,
    V1_SINCE_UNKNOWN, /* a text that is no cursor of ours: to be answered as one of another server is */
};

/*
 * A decoded message, all zero at first. Reused from message to message, so that decoding many costs no allocation. What a kind does
 * not name is empty.
 */
struct v1_message {
    enum v1_kind kind;
    struct v1_request_id id; /* also of a message that is refused, when it could be read */
    size_t
        index; /* of the position that is at fault, when a message is refused; else V1_NO_INDEX */

    struct v1_user user; /* HELLO: the runner of positions that name none, from now on */
    struct buf token;    /* TOKEN; HELLO: empty when it brings none */

    struct v1_names runners; /* FOLLOW, UNFOLLOW */
    struct v1_names groups;  /* likewise; of 1 to V1_GROUP_BYTES bytes */
    enum v1_since since;     /* FOLLOW */
    struct cursor cursor;    /* when `since` is V1_SINCE_CURSOR */
    bool sets_pace;          /* FOLLOW: "every" was there */
    uint32_t pace_ms;        /* a multiple of PACE_STEP_MS (proto/member.h); 0: every position */

    struct position *
        positions; /* POSITION, POSITIONS; owned by the message. Each is named, lies in WGS 84, not at 0,0 */
    size_t position_count;
    size_t position_capacity;
};

#define V1_NO_INDEX SIZE_MAX

struct v1_limits {
    size_t max_names;     /* runners and groups together, in one message */
    size_t max_positions; /* in one message */
    const struct v1_user
        *publishes; /* the runner of positions that name none; borrowed; NULL: there is none */
};

/*
 * Decode one message, which is valid UTF-8. 0; ERR_FORMAT (ERR_NO_MEMORY) with `fault` filled: which member is wrong, and how; then
 * nothing of the message counts but its `id` and `index`. Unknown members are ignored; of a repeated member the last counts; null is
 * like leaving a member out. Any thread, one message struct each.
 *
 * The time of a position is what the device claims, any at all: fix_time_judge() is the caller's. One without has
 * `time_is_arrival`, and time_ms 0.
 */
int v1_decode(struct span text, const struct v1_limits *limits, struct v1_message *message,
              struct fault *fault);

/* As if it were new, but for the memory that it keeps: for those who decode positions from other forms. */
void v1_message_clear(struct v1_message *message, enum v1_kind kind);

/* Release what it owns; it is all zero again. */
void v1_message_fini(struct v1_message *message);

#endif
