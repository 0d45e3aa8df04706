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

struct ws_parts;

/* All zero at first, and when it holds no memory. */
struct ws_gather {
    struct ws_parts *parts; /* owned; private to ws_message.c */
};

/*
 * Add a piece. 1: it completes a message, `*message` is its whole payload, borrowed until the next call or the piece's
 * buffer changes. 0: more to come. ERR_NO_MEMORY: the piece was not added; what was gathered is still there.
 */
int ws_gather_add(struct ws_gather *gather, const struct ws_piece *piece, struct span *message);

/* The message that was completed is dealt with: free its memory now and not at the next piece. Fine when there is none. */
void ws_gather_done(struct ws_gather *gather);

/* Bytes of memory held now: at most about 1.5 times what has arrived of what is in the middle. */
size_t ws_gather_bytes(const struct ws_gather *gather);

void ws_gather_fini(struct ws_gather *gather);

#endif
