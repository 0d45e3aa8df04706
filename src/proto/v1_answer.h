/*
 * v1_answer: what the server says to one session in the dialect spectate.v1, besides positions: JSON text, not yet a frame.
 *
 * Each appends one whole message to `out`; 0, or ERR_NO_MEMORY with `out` as it was. Where a request's id is a parameter it is
 * repeated when it has one; NULL: no request asked for this.
 */
#ifndef SPECTATE_PROTO_V1_ANSWER_H
#define SPECTATE_PROTO_V1_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fault.h"
#include "proto/v1.h"

/* {"type":"welcome",..}: who is spoken to, and within which limits. */
struct v1_welcome {
    const char *version; /* of the server; printable ASCII */
    int64_t time_ms;     /* the server's clock */
    uint64_t ping_interval_ms;
    bool
        has_store; /* positions are kept on disk: acks say "stored":true, and `since` works over a restart */
    uint64_t message_bytes;
    uint64_t messages_per_second;
    uint64_t follows;
    uint64_t positions_per_message;
    uint64_t stale_ms; /* 0: never told */
    uint64_t lost_ms;
    uint64_t reconnect_min_ms; /* come back after a random time between these */
    uint64_t reconnect_max_ms;
    bool expires; /* the token does */
    int64_t expires_s;
};
int v1_encode_welcome(const struct v1_welcome *welcome, const struct v1_request_id *id,
                      struct buf *out);

/* {"type":"ack",..}: carried out. Of positions it also says whether they are on disk now. */
enum v1_stored { V1_STORED_NO, V1_STORED_YES, V1_STORED_NOT_SAID };
int v1_encode_ack(enum v1_stored stored, const struct v1_request_id *id, struct buf *out);

/* {"type":"reset",..}: what lies between the cursor and now is not told whole; a snapshot follows. */
enum v1_reset {
    V1_RESET_UNKNOWN_CURSOR, /* of another server, or none at all */
    V1_RESET_TOO_MUCH,       /* more than is told at once */
    V1_RESET_NOT_KEPT,       /* the server has it no more, or never had it on disk */
};
int v1_encode_reset(enum v1_reset reason, const struct v1_request_id *id, struct buf *out);

/* {"type":"rate",..}: the pace in which positions of this runner are wanted. */
int v1_encode_rate(const struct v1_user *user, uint64_t every_ms, struct buf *out);

/* {"type":"pong",..} */
int v1_encode_pong(int64_t time_ms, const struct v1_request_id *id, struct buf *out);

/* {"type":"token",..}: it counts from now on. */
int v1_encode_token(bool expires, int64_t expires_s, const struct v1_request_id *id,
                    struct buf *out);

/* {"type":"reconnect",..}: the server goes away; come back after this time. */
int v1_encode_reconnect(uint64_t after_ms, struct buf *out);

/* {"type":"error",..} */
struct v1_error {
    const struct fault *fault;
    const struct v1_request_id *id; /* of the request that is at fault; NULL: none */
    const struct runner_id *ids;    /* the runners or groups that it is about */
    size_t id_count;                /* 0: not said */
    size_t index;                   /* of the first bad position; V1_NO_INDEX: not said */
};
int v1_encode_error(const struct v1_error *error, struct buf *out);

#endif
