/*
 * http_head: looks things up in a whole head (RFC 9112), request or answer, as it lies: lines that end with CRLF, of which
 * the first is the start line. For http and ws_handshake; the head was checked before.
 */
#ifndef SPECTATE_CODEC_HTTP_HEAD_H
#define SPECTATE_CODEC_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

/* Take the first line off `rest`, without its CRLF. False at the end, or when there is no whole line. */
bool http_head_next_line(struct span *rest, struct span *line);

struct http_field {
    struct span name;
    struct span value; /* without the white space around it */
};

/* False for a line without a colon. */
bool http_head_split_line(struct span line, struct http_field *field);

/* ASCII only. */
bool http_head_equals_ignoring_case(struct span text, const char *other);

/* How often a header (case-insensitive) is there, and the value of its first. NULL data when absent. */
size_t http_head_count(struct span head, const char *name);
struct span http_head_value(struct span head, const char *name);

typedef bool http_head_visit_fn(struct span text, void *ctx);

/* Call `visit` for the value of each header of this name, until it returns false. False when it did. */
bool http_head_each_value(struct span head, const char *name, http_head_visit_fn *visit, void *ctx);

/*
 * Call `visit` for each element that is not empty of a header's comma-separated list, over all its lines, until it returns
 * false. False when it did.
 */
bool http_head_each_element(struct span head, const char *name, http_head_visit_fn *visit,
                            void *ctx);

/* Such a list holds `token` (case-insensitive). */
bool http_head_has_token(struct span head, const char *name, const char *token);

#endif
