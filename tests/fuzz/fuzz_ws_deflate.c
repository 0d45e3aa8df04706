/*
 * Any bytes inflated stay within the bound; any bytes compressed come back the same.
 */
#include <string.h>

#include "base/check.h"
#include "codec/ws_deflate.h"

#define MAX_BYTES 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inflate(struct ws_deflate *deflate, struct span bytes)
{
    struct span inflated;
    if (ws_deflate_inflate(deflate, bytes, &inflated) == 0)
        CHECK(inflated.len <= MAX_BYTES);
}

static void round_trip(struct ws_deflate *deflate, struct span bytes)
{
    struct buf compressed = {0};
    struct span inflated;
    int result = ws_deflate_compress(deflate, bytes, &compressed);
    CHECK(result == 0 || result == 1);
    if (result == 1) {
        CHECK(ws_deflate_inflate(deflate, buf_span(&compressed), &inflated) == 0);
        CHECK(span_equals(inflated, bytes));
    }
    buf_fini(&compressed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ws_deflate *deflate;
    struct ws_deflate_options options = {
        .level = 1, .min_bytes = 1, .max_message_bytes = MAX_BYTES};
    struct span bytes = span_of(data, size < MAX_BYTES ? size : MAX_BYTES);
    if (deflate == NULL)
        deflate = ws_deflate_new(&options);
    inflate(deflate, bytes);
    round_trip(deflate, bytes);
    return 0;
}
