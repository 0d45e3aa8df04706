/*
 * ws_deflate: messages of permessage-deflate (RFC 7692 section 7.2), by libdeflate; whole messages, no context takeover.
 *
 * One per worker, not per session: nothing is kept from one message to the next but memory to work in. What it compresses
 * may go to every session that agreed (codec/ws_extension.h), so a message is compressed once for all who get it.
 *
 * The form of what is compressed. libdeflate ends each stream with a block whose BFINAL bit is set. RFC 7692 section 7.2.3.4
 * allows that, but zlib takes it for the end of the stream, and a receiver that does not start a new one loses all messages
 * after the first. So the bit is cleared, as if the stream had only been flushed (section 7.2.1), which every receiver
 * knows. Whatever libdeflate does inside, this is sound:
 * - The bit of the first block is the first bit of the output. When it is set, the first block is the last, the only one.
 *   When it is not, there are several, and nobody says where the last begins: the part is cut in two, each compressed alone.
 * - Behind the block goes an empty stored block: three zero bits, zero bits up to the byte's end, 00 00 ff ff. The three fit
 *   in what is left of the block's last byte, or need a 00 more. No sequence is right in both cases, so libdeflate's
 *   decompressor, asked whether it can read on without the 00, knows which it is.
 * - The 00 00 ff ff at the end is left off (section 7.2.1); those between parts stay.
 *
 * No match reaches back over the message's beginning, so a message of at most 2^n bytes fits a window of n bits.
 */
#ifndef SPECTATE_CODEC_WS_DEFLATE_H
#define SPECTATE_CODEC_WS_DEFLATE_H

#include <stddef.h>

#include "base/buf.h"
#include "base/span.h"

#define WS_DEFLATE_LEVEL_MAX 12

struct ws_deflate;

struct ws_deflate_options {
    int level;                /* 1 (fastest) to WS_DEFLATE_LEVEL_MAX, as libdeflate counts them */
    size_t min_bytes;         /* shorter messages are not compressed */
    size_t max_message_bytes; /* of a message, compressed or inflated */
};

/*
 * Owned by the caller; NULL without memory. It takes 300 KiB at level 1, 700 KiB up to level 9, 9 MiB beyond (libdeflate's
 * tables, and 64 KiB to work in) and, once a message was inflated, two buffers for such messages (the second of
 * max_message_bytes; what of it is not used is not touched).
 */
struct ws_deflate *ws_deflate_new(const struct ws_deflate_options *options);
void ws_deflate_free(struct ws_deflate **deflate);

/*
 * Compress a whole message to the payload of a message with RSV1 and append it. 1; 0: not worth it, or shorter than min_bytes,
 * `out` as it was (but for its capacity); ERR_NO_MEMORY, likewise. What is appended is shorter than `message`.
 */
int ws_deflate_compress(struct ws_deflate *deflate, struct span message, struct buf *out);

/*
 * Inflate the whole payload of a message that came with RSV1, at most max_message_bytes long. 0: `*inflated` borrows the
 * message until the next call of this function; its UTF-8 is not checked. ERR_TOO_BIG: it would be over max_message_bytes
 * (close with 1009); no memory beyond that is taken, and the work ends there. ERR_FORMAT: not the form of RFC 7692, or it
 * refers to an earlier message (1007). ERR_NO_MEMORY. The cost is one pass over what comes in and what comes out.
 *
 * Blocks with BFINAL are taken wherever they stand (section 7.2.3.4), each the end of a stream of its own: what follows can't
 * refer to what was before. Also taken, as zlib's receivers do: a final block at the message's end without the 00 that
 * ought to follow, and a payload without any byte as the empty message.
 */
int ws_deflate_inflate(struct ws_deflate *deflate, struct span message, struct span *inflated);

#endif
