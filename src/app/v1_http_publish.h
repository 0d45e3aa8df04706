/*
 * v1_http_publish: positions as the body of a request. They are shown at once, and answered for when they are on disk.
 */
#ifndef SPECTATE_APP_V1_HTTP_PUBLISH_H
#define SPECTATE_APP_V1_HTTP_PUBLISH_H

#include "app/v1_http.h"

#define UPLOAD_INFLATED_BYTES ((size_t)8 * 1024 * 1024) /* or max-upload-bytes, if that is more */

/* POST /v1/positions, and /v1/runners/{id}/positions, where all are of that runner. */
void v1_http_post_positions(const struct v1_request *request);

/* The whole body, inflated if it came compressed (into `inflated`, the caller's), and valid UTF-8. False: it was answered what is wrong. */
bool v1_http_read_body(struct session *session, struct buf *inflated, struct span *body);

/* It was answered that this type of body is not taken, but these ("a/b, c/d"). */
void v1_http_refuse_type(struct session *session, const char *taken);

#endif
