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

/* A message but for its elements. */
struct shell {
    char head[HEAD_BYTES];
    char tail[TAIL_BYTES];
    size_t head_len;
    size_t tail_len;
};

static void make_shell(struct shell *shell, const struct v1_seal *seal)
{
    char cursor[CURSOR_TEXT_BYTES];
    size_t cursor_len = seal->applied != NULL ? v1_write_cursor(seal, cursor) : 0;
    char *tail_end = v1_write_seal_tail(shell->tail, seal, span_of(cursor, cursor_len));
    shell->head_len = (size_t)(v1_write_seal_head(shell->head, seal) - shell->head);
    shell->tail_len = (size_t)(tail_end - shell->tail);
}

static struct span without_comma(struct span elements)
{
    return elements.len > 0 ? span_of(elements.data + 1, elements.len - 1) : elements;
}

static void append_text(const struct shell *shell, struct span elements, struct buf *out)
{
    buf_append(out, span_of(shell->head, shell->head_len));
    buf_append(out, elements);
    buf_append(out, span_of(shell->tail, shell->tail_len));
}

int v1_seal_text(const struct v1_seal *seal, struct span elements, struct buf *out)
{
    struct shell shell;
    int err = buf_reserve(out, elements.len + V1_SEAL_BYTES);
    if (err < 0)
        return err;
    make_shell(&shell, seal);
    append_text(&shell, without_comma(elements), out);
    return 0;
}

int v1_seal(const struct v1_seal *seal, struct span elements, struct buf *out)
{
    struct shell shell;
    uint8_t header[WS_HEADER_MAX_BYTES];
    int err = buf_reserve(out, elements.len + V1_SEAL_BYTES);
    if (err < 0)
        return err;
    make_shell(&shell, seal);
    elements = without_comma(elements);
    size_t len = shell.head_len + elements.len + shell.tail_len;
    buf_append(out, span_of(header, ws_write_header(header, WS_TEXT, len)));
    append_text(&shell, elements, out);
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
