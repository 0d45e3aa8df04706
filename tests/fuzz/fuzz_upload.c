/*
 * fuzz_upload: any UTF-8 as GeoJSON, as the body of a request, and as lines. What is taken goes out as GeoJSON and comes in again as the
 * same; what is not is told in printable words.
 */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/date_time.h"
#include "codec/utf8.h"
#include "proto/geojson.h"
#include "proto/v1_upload.h"
#include "tests/lib/same.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct v1_user someone = {.id = {.len = 1, .text = "7"}, .is_number = true};
static const struct v1_limits limits = {.max_positions = 100, .publishes = &someone};

static void check_fault(const struct fault *fault)
{
    size_t len = strnlen(fault->message, sizeof fault->message);
    CHECK(len > 0 && len < sizeof fault->message);
    for (size_t i = 0; i < len; i++)
        CHECK(fault->message[i] >= ' ' && fault->message[i] <= '~');
    CHECK((unsigned)fault->code < FAULT_COUNT);
}

/* A text of RFC 3339 has no more years than four digits have. */
static bool is_writable(int64_t time_ms)
{
    return time_ms >= DATE_TIME_FIRST_MS && time_ms <= DATE_TIME_LAST_MS;
}

static void check_position(const struct position *position)
{
    struct v1_message again = {0};
    struct fault fault;
    struct buf text = {0};
    CHECK(geojson_encode_position(position, &text) == 0 && text.len > 0);
    CHECK(geojson_decode(buf_span(&text), &limits, &again, &fault) == 0);
    CHECK(again.position_count == 1);
    struct position read = again.positions[0];
    if (position->time_is_arrival || !is_writable(position->time_ms)) {
        read.time_is_arrival = position->time_is_arrival;
        read.time_ms = position->time_ms;
    }
    CHECK(same_position(&read, position));
    CHECK(memcmp(&read.detail, &position->detail, sizeof read.detail) == 0);
    v1_message_fini(&again);
    buf_fini(&text);
}

static void check_track(const struct v1_message *message)
{
    struct v1_message again = {0};
    struct fault fault;
    struct buf text = {0};
    CHECK(geojson_encode_track(&someone, message->positions, message->position_count, &text) == 0);
    CHECK(geojson_decode(buf_span(&text), &limits, &again, &fault) == 0);
    CHECK(again.position_count == message->position_count);
    for (size_t i = 0; i < again.position_count; i++) {
        CHECK(same_coordinate(again.positions[i].lat, message->positions[i].lat));
        CHECK(same_coordinate(again.positions[i].lng, message->positions[i].lng));
    }
    v1_message_fini(&again);
    buf_fini(&text);
}

static void check_message(int err, const struct v1_message *message, const struct fault *fault)
{
    if (err < 0) {
        check_fault(fault);
        return;
    }
    CHECK(message->kind == V1_POSITIONS && message->position_count <= limits.max_positions);
    for (size_t i = 0; i < message->position_count; i++)
        check_position(&message->positions[i]);
    check_track(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = span_of(data, size);
    if (!utf8_is_valid(text))
        return 0;
    struct v1_message message = {0};
    struct fault fault = {0};
    check_message(geojson_decode(text, &limits, &message, &fault), &message, &fault);
    check_message(v1_decode_upload(text, &limits, &message, &fault), &message, &fault);
    check_message(v1_decode_lines(text, &limits, &message, &fault), &message, &fault);
    v1_message_fini(&message);
    return 0;
}
