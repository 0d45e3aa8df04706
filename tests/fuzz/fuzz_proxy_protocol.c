/*
 * fuzz_proxy_protocol: a header however cut is the same, and takes no more than its bytes; what was read, written as a header
 * of version 1, is read as the same.
 *
 * Input: a byte that seeds the random cuts, then what a proxy sends.
 */
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "codec/proxy_protocol.h"
#include "tests/lib/guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    enum proxy_read result;
    size_t taken;
    struct proxy_source source;
};

/* Parts of 1 to `most` bytes. */
static struct outcome deliver(struct span bytes, size_t most)
{
    struct proxy_reader reader = {0};
    struct outcome outcome = {.result = PROXY_READ_MORE};
    while (outcome.taken < bytes.len && outcome.result == PROXY_READ_MORE) {
        size_t len = bytes.len - outcome.taken < most ? bytes.len - outcome.taken : most;
        size_t taken;
        outcome.result =
            proxy_read(&reader, span_of(bytes.data + outcome.taken, len), &taken, &outcome.source);
        CHECK(taken > 0 && taken <= len && (outcome.result != PROXY_READ_MORE || taken == len));
        outcome.taken += taken;
    }
    return outcome;
}

static void check_same(const struct outcome *a, const struct outcome *b)
{
    CHECK(a->result == b->result && a->taken == b->taken);
    if (a->result != PROXY_READ_DONE)
        return;
    CHECK(a->source.is_known == b->source.is_known);
    CHECK(!a->source.is_known ||
          (a->source.port == b->source.port && ip_equals(&a->source.ip, &b->source.ip)));
}

static void check_round_trip(const struct outcome *outcome)
{
    char ip[IP_TEXT_BYTES];
    char line[PROXY_LINE_MAX_BYTES + 1];
    if (outcome->result != PROXY_READ_DONE || !outcome->source.is_known)
        return;
    ip_format(&outcome->source.ip, ip);
    int len = snprintf(line, sizeof line, "PROXY TCP%c %s %s %u 1\r\n",
                       ip_is_v4(&outcome->source.ip) ? '4' : '6', ip, ip, outcome->source.port);
    CHECK(len > 0 && (size_t)len < sizeof line);
    struct outcome again = deliver(span_of(line, (size_t)len), sizeof line);
    CHECK(again.taken == (size_t)len);
    again.taken = outcome->taken;
    check_same(outcome, &again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct guard guard = guard_copy(data + 1, size - 1);
    struct span bytes = span_of(guard.data, guard.len);
    struct outcome whole = deliver(bytes, SIZE_MAX);
    struct outcome by_byte = deliver(bytes, 1);
    struct outcome cut = deliver(bytes, 1 + (size_t)data[0]);
    check_same(&whole, &by_byte);
    check_same(&whole, &cut);
    check_round_trip(&whole);
    guard_fini(&guard);
    return 0;
}
