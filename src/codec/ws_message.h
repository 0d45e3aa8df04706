/*
 * ws_message: puts the pieces of ws_frame together to whole messages.
 *
 * A message that came as one piece is handed on as it lies, without a copy. Others are gathered in memory that exists only
 * while a message is in the middle. A control frame may come between the fragments of a data message, and both may be cut.
 */
#ifndef SPECTATE_CODEC_WS_MESSAGE_H
#define SPECTATE_CODEC_WS_MESSAGE_H

#include "base/buf.h"
#include "codec/ws_frame.h"

/* All zero when nothing is in the middle; then it holds no memory. */
struct ws_gather {
    struct buf *parts; /* owned; [0] data, [1] control; NULL when nothing is in the middle */
};

/*
 * Add a piece. 1: it completes a message, `*message` is its whole payload, borrowed until the next call or the piece's
 * buffer changes. 0: more to come. ERR_NO_MEMORY.
 */
int ws_gather_add(struct ws_gather *gather, const struct ws_piece *piece, struct span *message);

/* Bytes held now. */
size_t ws_gather_bytes(const struct ws_gather *gather);

void ws_gather_fini(struct ws_gather *gather);

#endif
