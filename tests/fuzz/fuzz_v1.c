/*
 * fuzz_v1: any UTF-8 as a message of the dialect v1. A position that is taken goes out and comes in again as the same; what is not
 * taken is told in printable words, and its error is JSON.
 */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "codec/utf8.h"
#include "proto/json_tree.h"
#include "proto/member.h"
#include "proto/v1.h"
#include "proto/v1_answer.h"
#include "proto/v1_live.h"
#include "tests/lib/same.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct v1_user someone = {.id = {.len = 1, .text = "7"}, .is_number = true};
static const struct v1_limits limits = {
    .max_names = 100, .max_positions = 100, .publishes = &someone};

static void check_json(const struct buf *text)
{
    struct json_tree tree;
    struct fault fault;
    CHECK(utf8_is_valid(buf_span(text)));
    CHECK(json_tree_parse(&tree, buf_span(text), &fault) == 0);
    json_tree_fini(&tree);
}

static void check_fault(const struct fault *fault, const struct v1_message *message)
{
    struct buf text = {0};
    size_t len = strnlen(fault->message, sizeof fault->message);
    CHECK(len > 0 && len < sizeof fault->message);
    for (size_t i = 0; i < len; i++)
        CHECK(fault->message[i] >= ' ' && fault->message[i] <= '~');
    CHECK((unsigned)fault->code < FAULT_COUNT);
    struct v1_error error = {.fault = fault, .id = &message->id, .index = message->index};
    CHECK(v1_encode_error(&error, &text) == 0);
    check_json(&text);
    buf_fini(&text);
}

static void append_elements(const struct v1_message *message, struct buf *out)
{
    struct buf elements = {0};
    for (size_t i = 0; i < message->position_count; i++) {
        size_t len_before = elements.len;
        CHECK(v1_encode_newest(&message->positions[i], (enum runner_status)(i % 3), &elements) ==
              0);
        CHECK(elements.len > len_before);
    }
    CHECK(buf_append_text(out, "{\"type\":\"positions\",\"positions\":[") == 0);
    CHECK(elements.len == 0 || buf_append(out, span_of(elements.data + 1, elements.len - 1)) == 0);
    CHECK(buf_append_text(out, "]}") == 0);
    buf_fini(&elements);
}

static void check_positions(const struct v1_message *message)
{
    struct v1_limits no_default = {.max_positions = limits.max_positions};
    struct v1_message again = {0};
    struct fault fault;
    struct buf text = {0};
    append_elements(message, &text);
    check_json(&text);
    CHECK(v1_decode(buf_span(&text), &no_default, &again, &fault) == 0);
    CHECK(again.kind == V1_POSITIONS && again.position_count == message->position_count);
    for (size_t i = 0; i < again.position_count; i++) {
        struct position *read = &again.positions[i];
        read->time_is_arrival = message->positions[i].time_is_arrival;
        CHECK(same_position(read, &message->positions[i]));
        CHECK(memcmp(&read->detail, &message->positions[i].detail, sizeof read->detail) == 0);
    }
    v1_message_fini(&again);
    buf_fini(&text);
}

static void check_rest(const struct v1_message *message)
{
    struct buf text = {0};
    CHECK(message->runners.count + message->groups.count <= limits.max_names);
    CHECK(message->pace_ms % PACE_STEP_MS == 0 && message->pace_ms <= PACE_MAX_MS);
    CHECK(v1_encode_ack(V1_STORED_YES, &message->id, &text) == 0);
    check_json(&text);
    buf_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = span_of(data, size);
    if (!utf8_is_valid(text))
        return 0;
    struct v1_message message = {0};
    struct fault fault = {0};
    if (v1_decode(text, &limits, &message, &fault) < 0) {
        check_fault(&fault, &message);
    } else {
        check_positions(&message);
        check_rest(&message);
    }
    v1_message_fini(&message);
    return 0;
}
