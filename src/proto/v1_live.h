/*
 * v1_live: what followers get in the dialect spectate.v1, as a hub's dialect wants it: positions become elements, and many elements
 * one text frame.
 *
 *   {"type":"positions","positions":[P,P],"cursor":"AVx..","superseded":3}
 *   {"type":"snapshot","positions":[P,P],"cursor":"AVx.."}
 *   {"type":"status","userId":7,"status":"stale","since":1732600000000}
 *
 * with P = {"userId":7,"lat":48.8568,"lng":2.2927,"time":1732600000000,"altitude":35.5,..}, and "status" in it where the runner is not
 * live. The same text goes out as server-sent events by proto/sse.h.
 */
#ifndef SPECTATE_PROTO_V1_LIVE_H
#define SPECTATE_PROTO_V1_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"
#include "proto/cursor.h"
#include "proto/position.h"

/* How much longer a frame or event may be than its elements, and the longest that tells a status. */
#define V1_SEAL_BYTES 1280
#define V1_STATUS_BYTES 640

/*
 * Of which store, and which start of it, cursors are from now on: once, before there is a second thread and a first follower. A
 * constant of the process, since frames are sealed without any context, by every worker alike.
 */
void v1_set_origin(const uint8_t identity[CURSOR_IDENTITY_BYTES], uint32_t boot);

/* Append ",{..}", or nothing when the position is not in WGS 84. 0, or ERR_NO_MEMORY with `out` as it was. */
int v1_encode_position(const struct position *position, struct buf *out);
int v1_encode_newest(const struct position *position, enum runner_status status, struct buf *out);

/* What a message of several positions says besides them. */
struct v1_seal {
    const uint64_t
        *applied;   /* with these positions its reader has all up to there; NULL: not yet */
    size_t origins; /* of `applied`, at most CURSOR_ORIGINS_MAX */
    bool is_snapshot;
    uint64_t superseded; /* running total of the session; 0: not said */
};

/* Append the one text frame of the elements, perhaps none; or its text alone. 0, or ERR_NO_MEMORY with `out` as it was. */
int v1_seal_text(const struct v1_seal *seal, struct span elements, struct buf *out);
int v1_seal(const struct v1_seal *seal, struct span elements, struct buf *out);

/* Write the text frame that tells the status of the runner whose newest position this is. Returns its length, at most V1_STATUS_BYTES. */
size_t v1_write_status(const struct position *newest, enum runner_status status, uint8_t *out);

/* --- the text alone, for other ways to send it ---------------------------------------------------------------------- */

/* "snapshot" or "positions". Static storage. */
const char *v1_seal_type(const struct v1_seal *seal);

/* The cursor of it; returns its length, at most CURSOR_TEXT_BYTES. `applied` is there. */
size_t v1_write_cursor(const struct v1_seal *seal, char *text);

/* What stands before the elements, and after them. `cursor` empty: it does not stand in the message. Return the end of what they wrote. */
char *v1_write_seal_head(char *to, const struct v1_seal *seal);
char *v1_write_seal_tail(char *to, const struct v1_seal *seal, struct span cursor);

/* At most V1_STATUS_BYTES - WS_HEADER_MAX_BYTES. */
char *v1_write_status_text(char *to, const struct position *newest, enum runner_status status);

#endif
