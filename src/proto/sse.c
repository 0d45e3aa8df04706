#include "proto/sse.h"

#include <inttypes.h>
#include <string.h>

#include "base/check.h"
#include "proto/json_text.h"

#define HEAD_BYTES (CURSOR_TEXT_BYTES + 128)
#define TAIL_BYTES 64

_Static_assert(HEAD_BYTES + TAIL_BYTES <= V1_SEAL_BYTES, "an event fits");

/* All up to the elements; the cursor stands here, and not behind them. */
static char *write_head(char *to, const struct v1_seal *seal)
{
    if (seal->applied != NULL) {
        to = json_text_raw(to, "id: ");
        to += v1_write_cursor(seal, to);
        to = json_text_raw(to, "\n");
    }
    to = json_text_raw(to, "event: ");
    to = json_text_raw(to, v1_seal_type(seal));
    to = json_text_raw(to, "\ndata: ");
    return v1_write_seal_head(to, seal);
}

int sse_seal(const struct v1_seal *seal, struct span elements, struct buf *out)
{
    char head[HEAD_BYTES];
    char tail[TAIL_BYTES];
    char *head_end = write_head(head, seal);
    char *tail_end = json_text_raw(v1_write_seal_tail(tail, seal, span_of(NULL, 0)), "\n\n");
    if (elements.len > 0) /* without the comma of the first */
        elements = span_of(elements.data + 1, elements.len - 1);
    int err = buf_reserve(out, elements.len + V1_SEAL_BYTES);
    if (err < 0)
        return err;
    buf_append(out, span_of(head, (size_t)(head_end - head)));
    buf_append(out, elements);
    buf_append(out, span_of(tail, (size_t)(tail_end - tail)));
    return 0;
}

size_t sse_write_status(const struct position *newest, enum runner_status status, uint8_t *out)
{
    char text[V1_STATUS_BYTES];
    char *end = json_text_raw(text, "event: status\ndata: ");
    end = json_text_raw(v1_write_status_text(end, newest, status), "\n\n");
    size_t len = (size_t)(end - text);
    memcpy(out, text, len);
    return len;
}

int sse_encode_message(struct span message, struct buf *out)
{
    static const char head[] = "{\"type\":\"";
    const size_t head_len = sizeof head - 1;
    CHECK(message.len > head_len && memcmp(message.data, head, head_len) == 0);
    const char *type = (const char *)message.data + head_len;
    const char *end = memchr(type, '"', message.len - head_len);
    CHECK(end != NULL);
    return buf_printf(out, "event: %.*s\ndata: %.*s\n\n", (int)(end - type), type, (int)message.len,
                      (const char *)message.data);
}

int sse_encode_retry(uint64_t retry_ms, struct buf *out)
{
    return buf_printf(out, "retry: %" PRIu64 "\n\n", retry_ms);
}
