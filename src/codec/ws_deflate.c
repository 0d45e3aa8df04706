#include "codec/ws_deflate.h"

#include <libdeflate.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"

/* Up to here libdeflate mostly makes one block of positions, and loses nothing by starting anew behind it. */
#define PART_MAX_BYTES ((size_t)64 * 1024)
/* What is several blocks even so short is not compressed: libdeflate 1.14 makes one of anything under 10000 bytes. */
#define PART_MIN_BYTES ((size_t)1024)

#define FINAL_BIT 0x01
#define TOP_3_BITS 0xe0

/* The end of an empty stored block, which a sender leaves off (RFC 7692 section 7.2.1), and an empty final block. */
static const uint8_t tail[] = {0x00, 0x00, 0xff, 0xff, 0x03, 0x00};
#define STORED_TAIL_BYTES 4

struct ws_deflate {
    struct libdeflate_compressor *compressor;
    struct libdeflate_decompressor *decompressor;
    struct ws_deflate_options options;
    uint8_t *part;     /* PART_MAX_BYTES, where a part is inflated to see how it ends */
    struct buf to_end; /* a message to inflate, with its tail */
    uint8_t *inflated; /* max_message_bytes; NULL until a message is inflated */
};

struct ws_deflate *ws_deflate_new(const struct ws_deflate_options *options)
{
    CHECK(options->level >= 1 && options->level <= WS_DEFLATE_LEVEL_MAX);
    struct ws_deflate *deflate = mem_try(sizeof *deflate);
    if (deflate == NULL)
        return NULL;
    deflate->options = *options;
    deflate->compressor = libdeflate_alloc_compressor(options->level);
    deflate->decompressor = libdeflate_alloc_decompressor();
    deflate->part = mem_try(PART_MAX_BYTES);
    if (deflate->compressor == NULL || deflate->decompressor == NULL || deflate->part == NULL)
        ws_deflate_free(&deflate);
    return deflate;
}

void ws_deflate_free(struct ws_deflate **deflate)
{
    struct ws_deflate *old = *deflate;
    *deflate = NULL;
    if (old == NULL)
        return;
    libdeflate_free_compressor(old->compressor);
    libdeflate_free_decompressor(old->decompressor);
    mem_free(old->part);
    mem_free(old->inflated);
    buf_fini(&old->to_end);
    mem_free(old);
}

/*
 * The three zero bits that begin a stored block fit behind the one block in what is left of its last byte. There is room for
 * the tail behind `block`. When they don't fit, what is read as LEN and NLEN does not match, so that one try tells.
 */
static bool leaves_three_bits(struct ws_deflate *deflate, uint8_t *block, size_t len,
                              size_t part_bytes)
{
    if ((block[len - 1] & TOP_3_BITS) != 0)
        return false;
    memcpy(block + len, tail, sizeof tail);
    size_t taken;
    size_t inflated;
    enum libdeflate_result result =
        libdeflate_deflate_decompress_ex(deflate->decompressor, block, len + sizeof tail,
                                         deflate->part, PART_MAX_BYTES, &taken, &inflated);
    return result == LIBDEFLATE_SUCCESS && taken == len + sizeof tail && inflated == part_bytes;
}

/* Append a part up to where the tail belongs. 1; 0: it is several blocks; ERR_NO_MEMORY. */
static int append_part(struct ws_deflate *deflate, struct span part, struct buf *out)
{
    size_t bound = libdeflate_deflate_compress_bound(deflate->compressor, part.len);
    if (buf_reserve(out, bound + sizeof tail) < 0)
        return ERR_NO_MEMORY;
    uint8_t *block = out->data + out->len;
    size_t len =
        libdeflate_deflate_compress(deflate->compressor, part.data, part.len, block, bound);
    CHECK(len > 0 && len <= bound);
    if ((block[0] & FINAL_BIT) == 0)
        return 0;
    block[0] &= (uint8_t)~FINAL_BIT;
    if (!leaves_three_bits(deflate, block, len, part.len))
        block[len++] = 0;
    out->len += len;
    return 1;
}

/* 1; 0: a short part is several blocks; ERR_NO_MEMORY. */
static int append_parts(struct ws_deflate *deflate, struct span message, struct buf *out)
{
    size_t part_bytes = PART_MAX_BYTES;
    for (size_t at = 0; at < message.len;) {
        size_t left = message.len - at;
        size_t len = left < part_bytes ? left : part_bytes;
        int appended = append_part(deflate, span_of(message.data + at, len), out);
        if (appended < 0 || (appended == 0 && len <= PART_MIN_BYTES))
            return appended;
        if (appended == 0) {
            part_bytes = (len + 1) / 2;
            continue;
        }
        at += len;
        if (at < message.len && buf_append(out, span_of(tail, STORED_TAIL_BYTES)) < 0)
            return ERR_NO_MEMORY;
    }
    return 1;
}

int ws_deflate_compress(struct ws_deflate *deflate, struct span message, struct buf *out)
{
    if (message.len == 0 || message.len < deflate->options.min_bytes)
        return 0;
    size_t before = out->len;
    int compressed = append_parts(deflate, message, out);
    if (compressed == 1 && out->len - before >= message.len)
        compressed = 0;
    if (compressed != 1)
        out->len = before;
    return compressed;
}

static int make_room(struct ws_deflate *deflate, struct span message)
{
    if (deflate->inflated == NULL)
        deflate->inflated = mem_try_resize(NULL, deflate->options.max_message_bytes + 1);
    if (deflate->inflated == NULL)
        return ERR_NO_MEMORY;
    deflate->to_end.len = 0;
    return buf_reserve(&deflate->to_end, message.len + sizeof tail);
}

/* One stream, up to a final block; ours, behind the tail, is the last. `*at` and `*len` go on. 0, ERR_TOO_BIG, ERR_FORMAT. */
static int inflate_stream(struct ws_deflate *deflate, size_t *at, size_t *len)
{
    struct span rest = span_of(deflate->to_end.data + *at, deflate->to_end.len - *at);
    size_t room = deflate->options.max_message_bytes - *len;
    size_t taken;
    size_t inflated;
    enum libdeflate_result result =
        libdeflate_deflate_decompress_ex(deflate->decompressor, rest.data, rest.len,
                                         deflate->inflated + *len, room, &taken, &inflated);
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE)
        return ERR_TOO_BIG;
    if (result != LIBDEFLATE_SUCCESS)
        return ERR_FORMAT;
    CHECK(taken > 0 && taken <= rest.len && inflated <= room);
    *at += taken;
    *len += inflated;
    return 0;
}

int ws_deflate_inflate(struct ws_deflate *deflate, struct span message, struct span *inflated)
{
    CHECK(message.len <= deflate->options.max_message_bytes);
    *inflated = span_of(NULL, 0);
    if (message.len == 0)
        return 0;
    if (make_room(deflate, message) < 0)
        return ERR_NO_MEMORY;
    struct buf *to_end = &deflate->to_end;
    CHECK(buf_append(to_end, message) == 0 && buf_append(to_end, span_of(tail, sizeof tail)) == 0);
    size_t len = 0;
    for (size_t at = 0; at < message.len;) {
        int err = inflate_stream(deflate, &at, &len);
        if (err < 0)
            return err;
        if (at > message.len && at < to_end->len) /* a block was not whole, and took of the tail */
            return ERR_FORMAT;
    }
    *inflated = span_of(deflate->inflated, len);
    return 0;
}
