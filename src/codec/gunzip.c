#include "codec/gunzip.h"

#include <libdeflate.h>

#include "base/err.h"

/* At most this much room is taken for each byte that came, until it turns out that more is needed. */
#define ROOM_FACTOR 16
#define ROOM_MIN 4096

/* One member into what room there is. 0, ERR_FULL, ERR_FORMAT. */
static int inflate_member(struct libdeflate_decompressor *decompressor, struct span *rest,
                          struct buf *out, size_t room)
{
    size_t taken;
    size_t inflated;
    enum libdeflate_result result = libdeflate_gzip_decompress_ex(
        decompressor, rest->data, rest->len, out->data + out->len, room, &taken, &inflated);
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE)
        return ERR_FULL;
    if (result != LIBDEFLATE_SUCCESS)
        return ERR_FORMAT;
    out->len += inflated;
    *rest = span_of(rest->data + taken, rest->len - taken);
    return 0;
}

/* With more and more room, up to `left`: the cost is less than twice that of the last attempt. */
static int read_member(struct libdeflate_decompressor *decompressor, struct span *rest,
                       struct buf *out, size_t left)
{
    size_t room = rest->len * ROOM_FACTOR + ROOM_MIN;
    for (;;) {
        if (room > left)
            room = left;
        if (buf_reserve(out, room + 1) < 0)
            return ERR_NO_MEMORY;
        int err = inflate_member(decompressor, rest, out, room);
        if (err != ERR_FULL)
            return err;
        if (room == left)
            return ERR_TOO_BIG;
        room *= 4;
    }
}

int gunzip(struct span bytes, size_t max, struct buf *out)
{
    size_t before = out->len;
    struct libdeflate_decompressor *decompressor = libdeflate_alloc_decompressor();
    if (decompressor == NULL)
        return ERR_NO_MEMORY;
    int err = bytes.len > 0 ? 0 : ERR_FORMAT;
    while (err == 0 && bytes.len > 0)
        err = read_member(decompressor, &bytes, out, max - (out->len - before));
    libdeflate_free_decompressor(decompressor);
    if (err < 0)
        out->len = before;
    return err;
}
