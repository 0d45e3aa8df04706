/*
 * gzip: an answer in the coding gzip (RFC 1952), part by part, so that a long one is never in memory as a whole. One member, as
 * browsers want it: each part ends on a byte, like what permessage-deflate makes of a message (codec/ws_deflate.h).
 */
#ifndef SPECTATE_CODEC_GZIP_H
#define SPECTATE_CODEC_GZIP_H

#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"
#include "codec/ws_deflate.h"

/* What the end needs to know. Plain data; all zero at first. */
struct gzip {
    uint32_t crc;
    uint32_t bytes;
};

/* How ws_deflate_new() is to be called for it: whatever gets shorter is compressed. A part is at most GZIP_PART_BYTES. */
#define GZIP_PART_BYTES (16 * 1024 * 1024)
#define GZIP_DEFLATE_OPTIONS                                                                       \
    {                                                                                              \
        .level = 4, .min_bytes = 32, .max_message_bytes = GZIP_PART_BYTES                          \
    }

/* Append the beginning, the next part, the end. 0 or ERR_NO_MEMORY, with `out` as it was. */
int gzip_begin(struct gzip *gzip, struct buf *out);
int gzip_add(struct gzip *gzip, struct ws_deflate *deflate, struct span part, struct buf *out);
int gzip_end(struct gzip *gzip, struct buf *out);

#endif
