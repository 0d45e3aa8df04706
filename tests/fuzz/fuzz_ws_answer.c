/*
 * fuzz_ws_answer: a server's answer, read again and again as it grows, is not complete until its last byte, then taken for
 * good; once refused, it stays refused. What is taken holds the key's proof.
 *
 * Input: what a server sends, to the key of RFC 6455 section 1.3.
 */
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "codec/ws_handshake.h"

#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
#define PREFIXES_MAX 600

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In memory of just its size, so that a sanitizer sees a read past it. */
static int read_answer(const uint8_t *data, size_t size)
{
    struct fault fault = {0};
    uint8_t *copy = mem_must(size > 0 ? size : 1);
    memcpy(copy, data, size);
    int result = ws_handshake_read_answer(span_of(copy, size), KEY, NULL, &fault);
    mem_free(copy);
    CHECK(result >= 0 ||
          ((result == ERR_FORMAT || result == ERR_TOO_BIG) && fault.message[0] != '\0'));
    CHECK(result <= 0 || (size_t)result <= size);
    return result;
}

static void expect_prefix_agrees(int prefix, size_t len, int whole)
{
    if (prefix < 0)
        CHECK(whole < 0);
    else if (prefix > 0)
        CHECK(whole == prefix);
    else
        CHECK(whole <= 0 || len < (size_t)whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int whole = read_answer(data, size);
    if (whole > 0)
        CHECK(memmem(data, (size_t)whole, ACCEPT, sizeof ACCEPT - 1) != NULL);
    for (size_t len = 0; len < size && len < PREFIXES_MAX; len++)
        expect_prefix_agrees(read_answer(data, len), len, whole);
    return 0;
}
