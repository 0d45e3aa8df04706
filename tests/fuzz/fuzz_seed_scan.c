/*
 * fuzz_seed_scan: whatever the scanner takes for a usual position, the JSON library takes too, and makes the same of it.
 *
 * Few inputs by chance are a whole message. So each is tried as one, and as the id, the coordinates and the white space of one.
 */
#include <string.h>

#include "base/check.h"
#include "codec/utf8.h"
#include "proto/seed.h"
#include "proto/seed_scan.h"
#include "tests/lib/same.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compare(struct span text)
{
    static const struct seed_limits limits = {.max_ids = 1000};
    struct position scanned;
    if (!seed_scan_position(text, &scanned))
        return;
    struct seed_message message = {0};
    struct fault fault = {0};
    CHECK(utf8_is_valid(text));
    CHECK(seed_decode_json(text, &limits, &message, &fault) == 0);
    CHECK(message.kind == SEED_POSITION);
    CHECK(same_position(&scanned, &message.position));
}

/* Each % of the pattern stands for the input. */
static void compare_within(const char *pattern, struct span input)
{
    struct buf text = {0};
    for (; *pattern != '\0'; pattern++)
        CHECK(buf_append(&text, *pattern == '%' ? input : span_of(pattern, 1)) == 0);
    compare(buf_span(&text));
    buf_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = span_of(data, size);
    compare(input);
    compare_within("{\"userId\":%,\"lat\":48.8568,\"lng\":2.2927}", input);
    compare_within("{\"userId\":\"%\",\"lat\":48.8568,\"lng\":2.2927}", input);
    compare_within("{\"userId\":7,\"lat\":%,\"lng\":-%}", input);
    compare_within("{\"userId\":7,\"lat\":0.%,\"lng\":4%.5}", input);
    compare_within("%{%\"userId\"%:7%,\"lat\":48.8568,\"lng\":2.2927%}%", input);
    return 0;
}
