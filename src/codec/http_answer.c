#include <http_parser.h>

#include "base/err.h"
#include "codec/http.h"

const char *http_status_text(int status)
{
    const char *text = http_status_str((enum http_status)status);
    return text[0] == '<' ? "" : text; /* "<unknown>" */
}

/* RFC 9110 8.6: 204 has none, and with 304 it would be that of another answer. */
static int write_length(struct buf *out, const struct http_answer *answer)
{
    if (answer->form == HTTP_BODY_IN_CHUNKS)
        return buf_append_text(out, "Transfer-Encoding: chunked\r\n");
    if (answer->form == HTTP_BODY_TO_THE_END || answer->status == 204 || answer->status == 304)
        return 0;
    return buf_printf(out, "Content-Length: %zu\r\n", answer->body.len);
}

static int write_head(struct buf *out, const struct http_answer *answer)
{
    const char *cache_control = answer->cache_control != NULL ? answer->cache_control : "no-store";
    int err = buf_printf(out,
                         "HTTP/1.1 %d %s\r\n"
                         "Server: spectate\r\n"
                         "Connection: %s\r\n"
                         "Cache-Control: %s\r\n"
                         "X-Content-Type-Options: nosniff\r\n"
                         "Referrer-Policy: no-referrer\r\n",
                         answer->status, http_status_text(answer->status),
                         answer->keep_alive ? "keep-alive" : "close", cache_control);
    if (err == 0)
        err = write_length(out, answer);
    if (err == 0 && answer->content_type != NULL)
        err = buf_printf(out, "Content-Type: %s\r\n", answer->content_type);
    if (err == 0 && answer->extra_headers != NULL)
        err = buf_append_text(out, answer->extra_headers);
    return err < 0 ? err : buf_append_text(out, "\r\n");
}

int http_write_answer(struct buf *out, const struct http_answer *answer)
{
    size_t before = out->len;
    int err = write_head(out, answer);
    if (err == 0 && !answer->head_only)
        err = buf_append(out, answer->body);
    if (err < 0)
        out->len = before;
    return err;
}

int http_write_chunk(struct buf *out, struct span bytes)
{
    size_t before = out->len;
    if (bytes.len == 0)
        return 0;
    int err = buf_printf(out, "%zx\r\n", bytes.len);
    if (err == 0)
        err = buf_append(out, bytes);
    if (err == 0)
        err = buf_append_text(out, "\r\n");
    if (err < 0)
        out->len = before;
    return err;
}

int http_write_last_chunk(struct buf *out)
{
    return buf_append_text(out, "0\r\n\r\n");
}
