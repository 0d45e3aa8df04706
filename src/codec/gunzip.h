/*
 * gunzip: the body of a request that came with Content-Encoding: gzip (RFC 1952), by libdeflate, up to a bound.
 */
#ifndef SPECTATE_CODEC_GUNZIP_H
#define SPECTATE_CODEC_GUNZIP_H

#include "base/buf.h"
#include "base/span.h"

/*
 * Append what `bytes` holds, one member or several. 0; ERR_TOO_BIG: it would be more than `max` bytes, and the work ends there;
 * ERR_FORMAT: it is no gzip, cut short, or damaged; ERR_NO_MEMORY. On failure `out` is as it was.
 */
int gunzip(struct span bytes, size_t max, struct buf *out);

#endif
