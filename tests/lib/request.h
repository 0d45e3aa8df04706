/*
 * request: a request as a codec sees it, from its text.
 */
#ifndef SPECTATE_TESTS_LIB_REQUEST_H
#define SPECTATE_TESTS_LIB_REQUEST_H

#include "base/span.h"
#include "codec/http.h"

/* Owned by the caller. NULL: it is no whole request. */
struct http_reader *request_read(struct span text);

/* "GET <target> HTTP/1.1" with a Host, and then these lines, each with its CRLF. Owned by the caller; it has to be right. */
struct http_reader *request_of(const char *target, const char *header_lines);

#endif
