/*
 * fuzz_http: request heads however cut give the same requests and the same fault, and never more than a head is taken.
 *
 * Input: a byte that seeds the random cuts and chooses the limits (bit 0: small ones; bit 1: bodies are taken), then what a
 * client sends.
 */
#include "base/check.h"
#include "tests/lib/codec_transcript.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct http_script script = {.limits = {.head_bytes = 1024, .headers = 12},
                                 .bytes = span_of(data + 1, size - 1)};
    if ((data[0] & 1) != 0)
        script.limits = (struct http_limits){.head_bytes = 64, .headers = 2};
    if ((data[0] & 2) != 0)
        script.limits.body_bytes = 16;
    const struct cut cuts[] = {{.kind = CUT_EVERYWHERE},
                               {.kind = CUT_AT_RANDOM, .number = data[0]},
                               {.kind = CUT_ONCE, .number = data[0]}};
    struct buf whole = {0};
    http_transcribe(&whole, &script, (struct cut){.kind = CUT_NOWHERE});
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        struct buf other = {0};
        http_transcribe(&other, &script, cuts[i]);
        CHECK(span_equals(buf_span(&whole), buf_span(&other)));
        buf_fini(&other);
    }
    buf_fini(&whole);
    return 0;
}
