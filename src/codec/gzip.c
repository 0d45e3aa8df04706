#include "codec/gzip.h"

#include <libdeflate.h>

#include "base/err.h"

#define STORED_MAX 65535

/* RFC 1952 2.3: no flags, no time, no system. */
static const uint8_t head[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};

/* What ws_deflate leaves off each message: the rest of an empty stored block. */
static const uint8_t flush[] = {0x00, 0x00, 0xff, 0xff};

/* An empty final block. */
static const uint8_t last_block[] = {0x03, 0x00};

int gzip_begin(struct gzip *gzip, struct buf *out)
{
    *gzip = (struct gzip){0};
    return buf_append(out, span_of(head, sizeof head));
}

/* RFC 1951 3.2.4: what does not get shorter goes as it is. */
static int append_stored(struct span part, struct buf *out)
{
    int err = 0;
    for (size_t at = 0; err == 0 && at < part.len;) {
        size_t len = part.len - at < STORED_MAX ? part.len - at : STORED_MAX;
        uint8_t header[] = {0, (uint8_t)len, (uint8_t)(len >> 8), (uint8_t)~len,
                            (uint8_t)(~len >> 8)};
        err = buf_append(out, span_of(header, sizeof header));
        if (err == 0)
            err = buf_append(out, span_of(part.data + at, len));
        at += len;
    }
    return err;
}

int gzip_add(struct gzip *gzip, struct ws_deflate *deflate, struct span part, struct buf *out)
{
    size_t before = out->len;
    if (part.len == 0)
        return 0;
    int result = ws_deflate_compress(deflate, part, out);
    int err = result < 0    ? result
              : result == 0 ? append_stored(part, out)
                            : buf_append(out, span_of(flush, sizeof flush));
    if (err < 0) {
        out->len = before;
        return err;
    }
    gzip->crc = libdeflate_crc32(gzip->crc, part.data, part.len);
    gzip->bytes += (uint32_t)part.len;
    return 0;
}

int gzip_end(struct gzip *gzip, struct buf *out)
{
    uint8_t tail[sizeof last_block + 8];
    memcpy(tail, last_block, sizeof last_block);
    for (unsigned i = 0; i < 4; i++) {
        tail[sizeof last_block + i] = (uint8_t)(gzip->crc >> (8 * i));
        tail[sizeof last_block + 4 + i] = (uint8_t)(gzip->bytes >> (8 * i));
    }
    return buf_append(out, span_of(tail, sizeof tail));
}
