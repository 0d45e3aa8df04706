/*
 * v1_http_flow: the bytes of an answer on their way out. A short one is written at once; a long one goes as the socket takes it, and one
 * that comes piece by piece is asked for the next when the last is out: so a reader that is slow, or has stopped, holds what was made
 * for it and no more. All that waits in a worker has a bound, too.
 */
#ifndef SPECTATE_APP_V1_HTTP_FLOW_H
#define SPECTATE_APP_V1_HTTP_FLOW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct session;
struct shard;

#define V1_FLOW_SHORT_BYTES 16384
#define V1_FLOW_PIECES_BYTES ((size_t)1024 * 1024) /* what one that comes in pieces counts for */
#define V1_FLOW_WORKER_BYTES ((size_t)64 * 1024 * 1024) /* of long answers */

/* Part of a visit. All zero: nothing flows. */
struct v1_flow {
    struct buf bytes; /* owned; what is on its way */
    size_t at;        /* so many of them are out */
    bool is_under_way;
    bool keep_alive;
    bool is_asked;                         /* the next piece was asked for */
    size_t reserved;                       /* of what a worker may hold */
    void (*more)(struct session *session); /* asks for it; NULL: there is none */
    void *source;                          /* of the pieces */
    void (*drop)(void *source);            /* when it is not needed any more; NULL: there is none */
};

/* There is room for a long answer of about so many bytes, where there is any. */
bool v1_flow_has_room(const struct shard *shard, size_t bytes);

/* All of an answer: it is written, or will be, and the request is done with that. Takes what is in `bytes`. */
void v1_flow_send(struct session *session, struct buf *bytes, bool keep_alive);

/* The beginning of one that comes in pieces: `more`, `source` and `drop` are set already. It takes a session that is stopped. */
void v1_flow_begin(struct session *session, struct buf *bytes, bool keep_alive);

/* The next piece, which was asked for. Takes what is in `bytes`. */
void v1_flow_add(struct session *session, struct buf *bytes, bool is_last);

/* The socket may have room. */
void v1_flow_pump(struct session *session);

void v1_flow_fini(struct shard *shard, struct v1_flow *flow);

#endif
