/*
 * accept: what a client would like to get, and what it has already (RFC 9110 12.5, 13.1.2); and what kind of body it sends.
 */
#ifndef SPECTATE_CODEC_ACCEPT_H
#define SPECTATE_CODEC_ACCEPT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "codec/http.h"

/*
 * Which of these media types ("application/json") the client likes best by its Accept; of equals the first, which is also what who
 * says nothing gets. `count`: none of them. Parameters of ranges but q are not looked at.
 */
size_t accept_best(const struct http_reader *request, const char *const *types, size_t count);

/* Accept-Encoding names gzip, or *, and does not forbid it. */
bool accept_takes_gzip(const struct http_reader *request);

/* If-None-Match holds this tag, weak or strong, or is *. `tag` is with its quotes, without W/. */
bool accept_has_tag(const struct http_reader *request, struct span tag);

/* The media type of a Content-Type without its parameters and white space: as it was sent. */
struct span media_type_of(struct span content_type);

/* Its charset is UTF-8, or not said. */
bool media_type_is_utf8(struct span content_type);

#endif
