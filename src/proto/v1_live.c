#include "proto/v1_live.h"

#include <string.h>

#include "base/check.h"
#include "codec/ws_frame.h"
#include "proto/id_json.h"
#include "proto/json_text.h"
#include "proto/v1_position.h"

#define HEAD_BYTES 64
#define TAIL_BYTES (CURSOR_TEXT_BYTES + 96)

_Static_assert(WS_HEADER_MAX_BYTES + HEAD_BYTES + TAIL_BYTES <= V1_SEAL_BYTES, "a frame fits");

static struct cursor origin;

void v1_set_origin(const uint8_t identity[CURSOR_IDENTITY_BYTES], uint32_t boot)
{
    memcpy(origin.identity, identity, CURSOR_IDENTITY_BYTES);
    origin.boot = boot;
}

static const char *status_name(enum runner_status status)
{
    static const char *const names[] = {
        [RUNNER_LIVE] = "live", [RUNNER_STALE] = "stale", [RUNNER_LOST] = "lost"};
    return names[status];
}

/* --- elements ------------------------------------------------------------------------------------------------------- */

int v1_encode_newest(const struct position *position, enum runner_status status, struct buf *out)
{
    char text[V1_POSITION_BYTES + 64];
    char *end = v1_write_position_members(json_text_raw(text, ",{"), position);
    if (end == NULL)
        return 0;
    if (status != RUNNER_LIVE) {
        end = json_text_raw(end, ",\"status\":\"");
        end = json_text_raw(end, status_name(status));
        end = json_text_raw(end, "\"");
    }
    end = json_text_raw(end, "}");
    return buf_append(out, span_of(text, (size_t)(end - text)));
}

int v1_encode_position(const struct position *position, struct buf *out)
{
    return v1_encode_newest(position, RUNNER_LIVE, out);
}

/* --- text ----------------------------------------------------------------------------------------------------------- */

const char *v1_seal_type(const struct v1_seal *seal)
{
    return seal->is_snapshot ? "snapshot" : "positions";
}

size_t v1_write_cursor(const struct v1_seal *seal, char *text)
{
    struct cursor cursor = origin;
    CHECK(seal->origins <= CURSOR_ORIGINS_MAX);
    cursor.origins = (uint32_t)seal->origins;
    memcpy(cursor.applied, seal->applied, seal->origins * sizeof *seal->applied);
    return cursor_write(&cursor, text);
}

char *v1_write_seal_head(char *to, const struct v1_seal *seal)
{
    to = json_text_raw(to, "{\"type\":\"");
    to = json_text_raw(to, v1_seal_type(seal));
    return json_text_raw(to, "\",\"positions\":[");
}

char *v1_write_seal_tail(char *to, const struct v1_seal *seal, struct span cursor)
{
    to = json_text_raw(to, "]");
    if (cursor.len > 0) {
        to = json_text_raw(to, ",\"cursor\":");
        to = json_text_string(to, cursor);
    }
    if (seal->superseded > 0) {
        to = json_text_raw(to, ",\"superseded\":");
        to = json_text_integer(to, (int64_t)seal->superseded);
    }
    return json_text_raw(to, "}");
}

char *v1_write_status_text(char *to, const struct position *newest, enum runner_status status)
{
    to = json_text_raw(to, "{\"type\":\"status\",\"userId\":");
    to = id_json_write(to, &newest->runner, newest->runner_is_number);
    to = json_text_raw(to, ",\"status\":\"");
    to = json_text_raw(to, status_name(status));
    to = json_text_raw(to, "\",\"since\":");
    to = json_text_integer(to, newest->time_ms);
    return json_text_raw(to, "}");
}

/* --- frames --------------------------------------------------------------------------------------------------------- */

int v1_seal(const struct v1_seal *seal, struct span elements, struct buf *out)
{
    char cursor[CURSOR_TEXT_BYTES];
    char head[HEAD_BYTES];
    char tail[TAIL_BYTES];
    uint8_t header[WS_HEADER_MAX_BYTES];
    size_t cursor_len = seal->applied != NULL ? v1_write_cursor(seal, cursor) : 0;
    size_t head_len = (size_t)(v1_write_seal_head(head, seal) - head);
    char *tail_end = v1_write_seal_tail(tail, seal, span_of(cursor, cursor_len));
    size_t tail_len = (size_t)(tail_end - tail);
    if (elements.len > 0) /* without the comma of the first */
        elements = span_of(elements.data + 1, elements.len - 1);
    size_t header_len = ws_write_header(header, WS_TEXT, head_len + elements.len + tail_len);
    int err = buf_reserve(out, elements.len + V1_SEAL_BYTES);
    if (err < 0)
        return err;
    buf_append(out, span_of(header, header_len));
    buf_append(out, span_of(head, head_len));
    buf_append(out, elements);
    buf_append(out, span_of(tail, tail_len));
    return 0;
}

size_t v1_write_status(const struct position *newest, enum runner_status status, uint8_t *out)
{
    char text[V1_STATUS_BYTES - WS_HEADER_MAX_BYTES];
    size_t len = (size_t)(v1_write_status_text(text, newest, status) - text);
    uint8_t header[WS_HEADER_MAX_BYTES];
    size_t header_len = ws_write_header(header, WS_TEXT, len);
    memcpy(out, header, header_len);
    memcpy(out + header_len, text, len);
    return header_len + len;
}
