#include <http_parser.h>

#include "base/err.h"
#include "codec/http.h"

const char *http_status_text(int status)
{
    const char *text = http_status_str((enum http_status)status);
    return text[0] == '<' ? "" : text; /* "<unknown>" */
}

static int write_head(struct buf *out, const struct http_answer *answer)
{
    int err = buf_printf(out,
                         "HTTP/1.1 %d %s\r\n"
                         "Server: spectate\r\n"
                         "Connection: %s\r\n"
                         "Cache-Control: no-store\r\n"
                         "X-Content-Type-Options: nosniff\r\n"
                         "Referrer-Policy: no-referrer\r\n"
                         "Content-Length: %zu\r\n",
                         answer->status, http_status_text(answer->status),
                         answer->keep_alive ? "keep-alive" : "close", answer->body.len);
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
