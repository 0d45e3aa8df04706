/*
 * Encoding of the seed dialect: what is bounded is written to the stack first and appended with one call; what is not is
 * appended in parts, and taken back when one fails. So `out` is never left with half a message.
 */
#include "proto/seed.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "codec/ws_frame.h"
#include "proto/id_json.h"
#include "proto/json_text.h"

#define POSITION_BYTES                                                                             \
    (sizeof "{\"userId\":,\"lat\":,\"lng\":}" + ID_JSON_BYTES + 2 * JSON_TEXT_NUMBER_BYTES)
#define FAULT_BYTES                                                                                \
    (sizeof "{\"error\":{\"code\":,\"message\":}}" +                                               \
     JSON_TEXT_STRING_BYTES(2 * FAULT_MESSAGE_BYTES))

static char *write_coordinate(char *to, const struct coordinate *coordinate)
{
    return coordinate->is_integer ? json_text_integer(to, coordinate->integer)
                                  : json_text_real(to, coordinate->real);
}

static char *write_position(char *to, const struct position *position)
{
    to = json_text_raw(to, "{\"userId\":");
    to = id_json_write(to, &position->runner, position->runner_is_number);
    to = json_text_raw(to, ",\"lat\":");
    to = write_coordinate(to, &position->lat);
    to = json_text_raw(to, ",\"lng\":");
    to = write_coordinate(to, &position->lng);
    return json_text_raw(to, "}");
}

int seed_encode(const struct position *position, struct buf *out)
{
    char text[POSITION_BYTES];
    char *end = write_position(text, position);
    return buf_append(out, span_of(text, (size_t)(end - text)));
}

int seed_encode_frame(const struct position *position, struct buf *out)
{
    char frame[WS_HEADER_MAX_BYTES + POSITION_BYTES];
    char *text = frame + WS_HEADER_MAX_BYTES;
    char *end = write_position(text, position);
    uint8_t header[WS_HEADER_MAX_BYTES];
    size_t header_len = ws_write_header(header, WS_TEXT, (uint64_t)(end - text));
    char *start = text - header_len;
    memcpy(start, header, header_len);
    return buf_append(out, span_of(start, (size_t)(end - start)));
}

/* All but the closing braces. */
static int append_fault(const struct fault *fault, struct buf *out)
{
    char text[FAULT_BYTES];
    const char *name = fault_name(fault->code);
    CHECK(strlen(name) < FAULT_MESSAGE_BYTES);
    char *end = json_text_raw(text, "{\"error\":{\"code\":");
    end = json_text_string(end, span_of_text(name));
    end = json_text_raw(end, ",\"message\":");
    end = json_text_string(end, span_of_text(fault->message));
    return buf_append(out, span_of(text, (size_t)(end - text)));
}

/* What is there of a message that could not be finished goes again. */
static int finish(struct buf *out, size_t len_before, int err)
{
    if (err < 0)
        out->len = len_before;
    return err;
}

int seed_encode_fault(const struct fault *fault, struct buf *out)
{
    size_t len_before = out->len;
    int err = append_fault(fault, out);
    if (err == 0)
        err = buf_append_text(out, "}}");
    return finish(out, len_before, err);
}

int seed_encode_refusal(const struct fault *fault, const struct runner_id *ids, size_t count,
                        struct buf *out)
{
    size_t len_before = out->len;
    int err = append_fault(fault, out);
    if (err == 0)
        err = buf_append_text(out, ",\"ids\":[");
    if (err == 0)
        err = id_json_append_list(ids, count, out);
    if (err == 0)
        err = buf_append_text(out, "]}}");
    return finish(out, len_before, err);
}

int seed_encode_welcome(bool expires, int64_t expires_s, struct buf *out)
{
    char text[sizeof "{\"token\":{\"expires\":}}" + JSON_TEXT_NUMBER_BYTES];
    char *end = json_text_raw(text, "{\"token\":{\"expires\":");
    end = expires ? json_text_integer(end, expires_s) : json_text_raw(end, "null");
    end = json_text_raw(end, "}}");
    return buf_append(out, span_of(text, (size_t)(end - text)));
}

int seed_encode_follow(const struct runner_id *ids, size_t count, bool snapshot, struct buf *out)
{
    size_t len_before = out->len;
    int err = buf_append_text(out, "{\"initialRequest\":true,\"following\":[");
    if (err == 0)
        err = id_json_append_list(ids, count, out);
    if (err == 0)
        err = buf_append_text(out, snapshot ? "],\"snapshot\":true}" : "]}");
    return finish(out, len_before, err);
}
