/*
 * fuzz_seed: any UTF-8 as a message of the seed dialect. What is taken goes out and comes in again as the same; what is not
 * is told in printable words.
 */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "codec/utf8.h"
#include "proto/seed.h"
#include "tests/lib/same.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct seed_limits limits = {.max_ids = 1000};

static void check_fault(const struct fault *fault)
{
    size_t len = strnlen(fault->message, sizeof fault->message);
    CHECK(len > 0 && len < sizeof fault->message);
    for (size_t i = 0; i < len; i++)
        CHECK(fault->message[i] >= ' ' && fault->message[i] <= '~');
    CHECK((unsigned)fault->code < FAULT_COUNT);
}

static struct seed_message decode_again(const struct buf *text)
{
    struct seed_message message = {0};
    struct fault fault = {0};
    CHECK(utf8_is_valid(buf_span(text)));
    CHECK(seed_decode(buf_span(text), &limits, &message, &fault) == 0);
    return message;
}

static void check_position(const struct position *position)
{
    struct buf text = {0};
    CHECK(seed_encode(position, &text) == 0);
    struct seed_message again = decode_again(&text);
    CHECK(again.kind == SEED_POSITION);
    CHECK(same_position(position, &again.position));
    buf_fini(&text);
}

static void check_follow(const struct seed_message *message)
{
    struct buf text = {0};
    CHECK(message->id_count <= limits.max_ids);
    CHECK(seed_encode_follow(message->ids, message->id_count, message->snapshot, &text) == 0);
    struct seed_message again = decode_again(&text);
    CHECK(again.kind == SEED_FOLLOW && again.snapshot == message->snapshot);
    CHECK(again.id_count == message->id_count);
    for (size_t i = 0; i < again.id_count; i++)
        CHECK(same_id(&message->ids[i], &again.ids[i]));
    seed_message_fini(&again);
    buf_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = span_of(data, size);
    if (!utf8_is_valid(text))
        return 0;
    struct seed_message message = {0};
    struct fault fault = {0};
    int err = seed_decode(text, &limits, &message, &fault);
    if (err < 0)
        check_fault(&fault);
    else if (message.kind == SEED_POSITION)
        check_position(&message.position);
    else
        check_follow(&message);
    seed_message_fini(&message);
    return 0;
}
