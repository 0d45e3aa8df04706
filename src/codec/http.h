/*
 * http: one HTTP/1.1 request at a time (RFC 9112), by http_parser, strict and bounded; and answers.
 *
 * Exists only while a session speaks HTTP. Bodies are taken up to a bound, which may be 0, and only with Content-Length: one
 * that is larger, or chunked, is a fault with its own status as soon as the head is there, before a byte of it is read. Both
 * together, or two lengths, are malformed.
 *
 * A client that asks before it sends its body (Expect: 100-continue, RFC 9110 10.1.1) is answered, also when the body is on
 * its way already: curl does so, and waits a second for the answer.
 */
#ifndef SPECTATE_CODEC_HTTP_H
#define SPECTATE_CODEC_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/span.h"
#include "codec/http_head.h"

struct http_reader;

/* May a request of this method and path have a body? */
typedef bool http_takes_body_fn(const char *method, struct span path);

struct http_limits {
    size_t
        head_bytes; /* request line and headers together, with empty lines before them; over 64 KiB counts as 64 KiB */
    size_t headers;                 /* how many */
    size_t body_bytes;              /* 0: a request with a body is refused */
    http_takes_body_fn *takes_body; /* NULL: any may have one */
};

enum http_read {
    HTTP_READ_MORE, /* all bytes were taken; the request is not complete */
    HTTP_READ_CONTINUE, /* the client waits: send HTTP_CONTINUE, and go on; once in a request with a body at most */
    HTTP_READ_REQUEST, /* a whole request; bytes behind it were not taken */
    HTTP_READ_FAULT, /* answer with *status, then close; the reader is spent, there is nothing to ask */
};

/* The answer to HTTP_READ_CONTINUE. */
#define HTTP_CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"

/* Owned by the caller; NULL without memory. */
struct http_reader *http_reader_new(const struct http_limits *limits);
void http_reader_free(struct http_reader **reader);

/*
 * Take bytes; `*taken` says how many. On HTTP_READ_REQUEST the request can be asked about until http_reader_next(), and
 * only then may this be called again. On HTTP_READ_FAULT `*status` is 400, 413 (a body that is not taken), 414 (request line
 * too long), 417 (an expectation that is not known, with a body), 431 (headers too big or too many), 501 (an unknown transfer
 * coding), 503 (no memory) or 505 (not HTTP/1.x), and `fault` says what. Stricter than RFC 9112 demands: lines end with CR LF and nothing else, no folded headers, one space between the
 * parts of the request line, printable ASCII in it, no Content-Length twice even if equal, and 400 for methods that
 * http_parser does not know (so for HTTP/2's preface). Empty lines before a request are skipped (section 2.2).
 */
enum http_read http_read(struct http_reader *reader, struct span bytes, size_t *taken, int *status,
                         struct fault *fault);

/* Forget the request and get ready for the next on the same connection. */
void http_reader_next(struct http_reader *reader);

/* After a fault: the head was whole and good, it was refused for the body that it announces. Then it can be asked about. */
bool http_head_is_known(const struct http_reader *reader);

/* Any byte of a request has arrived since new/next; empty lines before it don't count. */
bool http_reader_has_begun(const struct http_reader *reader);

/* The memory that a body takes, of what has come of it; at any time. */
size_t http_body_bytes(const struct http_reader *reader);

/* Of the whole request; but for the body also when http_head_is_known(). All borrowed until http_reader_next(). */
const char *http_method(const struct http_reader *reader); /* "GET" */
struct span http_target(const struct http_reader *reader); /* as sent: path and query */
struct span http_path(
    const struct http_reader *reader); /* without query, and "http://host" of an absolute target */
struct span http_body(const struct http_reader *reader);
bool http_keep_alive(const struct http_reader *reader);
bool http_is_1_1(const struct http_reader *reader);

/* How often a header (case-insensitive) is there, and the value of its first. NULL data when absent. */
size_t http_header_count(const struct http_reader *reader, const char *name);
struct span http_header(const struct http_reader *reader, const char *name);

/* Call `visit` for the value of each header of this name, until it returns false. False when it did. */
bool http_header_each_value(const struct http_reader *reader, const char *name,
                            http_head_visit_fn *visit, void *ctx);

/* Call `visit` for each element that is not empty of a header's comma-separated list, over all its lines, in the same way. */
bool http_header_each_element(const struct http_reader *reader, const char *name,
                              http_head_visit_fn *visit, void *ctx);

/* True when a header's comma-separated list, over all its lines, holds `token` (case-insensitive). */
bool http_header_has_token(const struct http_reader *reader, const char *name, const char *token);

/* An answer, or its beginning. `extra_headers` may be NULL, else whole lines with CRLF. */
struct http_answer {
    int status;
    const char *content_type; /* NULL: no body */
    struct span body;
    const char *extra_headers;
    const char *cache_control; /* NULL: "no-store" */
    bool keep_alive;
    bool head_only; /* the answer to HEAD: the body's length, not the body */
    enum {
        HTTP_BODY_WHOLE,      /* `body` is it, and its length is told but with 204 and 304 */
        HTTP_BODY_IN_CHUNKS,  /* follows by http_write_chunk(); of HTTP/1.1 alone */
        HTTP_BODY_TO_THE_END, /* follows as it is, up to the end of the connection */
    } form;
};

/*
 * Append it, with the headers Server, Connection, Cache-Control, X-Content-Type-Options, Referrer-Policy (a token
 * may stand in the address) and Content-Length or Transfer-Encoding. 0 or ERR_NO_MEMORY with `out`
 * as it was.
 */
int http_write_answer(struct buf *out, const struct http_answer *answer);

/* Append a chunk (RFC 9112 7.1), nothing when it is empty; and what ends them. 0 or ERR_NO_MEMORY with `out` as it was. */
int http_write_chunk(struct buf *out, struct span bytes);
int http_write_last_chunk(struct buf *out);

/* "Not Found" for 404; "" for one that is not registered. */
const char *http_status_text(int status);

#endif
