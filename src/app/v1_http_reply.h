/*
 * v1_http_reply: answers to requests under /v1: JSON or whatever, with tags so that what is known need not be sent again, compressed
 * where that is wanted and pays, and with what went wrong as problem details (RFC 9457).
 */
#ifndef SPECTATE_APP_V1_HTTP_REPLY_H
#define SPECTATE_APP_V1_HTTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/session.h"
#include "base/buf.h"
#include "base/fault.h"
#include "codec/http.h"
#include "proto/problem.h"

struct denied;
struct ws_deflate;

#define V1_TAG_BYTES 40

/* All zero, but for what is to be said. */
struct v1_reply {
    int status;
    const char *type;   /* of the body; NULL: there is none */
    struct buf body;    /* owned */
    struct buf headers; /* owned; whole lines */
    bool has_tag;       /* it can be asked for again with If-None-Match */
    bool closes;        /* the connection, behind it */
};

/* Say it: the request is answered. Takes what the reply owns. */
void v1_reply_send(struct session *session, struct v1_reply *reply);

/* 200, with what is in `reply`, that can be asked for again; `err` of making it. Takes what the reply owns. */
void v1_reply_send_good(struct session *session, struct v1_reply *reply, int err);

/* Append Link: where the next part is, by the same request with this `after`. 0 or ERR_NO_MEMORY. */
int v1_reply_add_next(struct session *session, struct span after, struct buf *headers);

/* What went wrong, counted; by the status that answers the fault, or this one. */
void v1_reply_fault(struct session *session, const struct fault *fault);
void v1_reply_status(struct session *session, int status, const struct fault *fault);
void v1_reply_problem(struct session *session, const struct problem *problem);
void v1_reply_denied(struct session *session, const struct denied *denied, const char *what);
void v1_reply_no_memory(struct session *session);

/* The same, and part. */
void v1_reply_and_close(struct session *session, int status, const struct fault *fault);

/* There is no such thing; the same whether it is not there or not granted. */
void v1_reply_not_found(struct session *session);

/*
 * For answers that come in pieces: append the headers that each has; write a tag, with its quotes; what to compress with, and the header
 * that says so. NULL: it is to go as it is.
 */
int v1_reply_add_headers(struct session *session, struct buf *headers);
void v1_reply_write_tag(uint64_t first, uint64_t second, char tag[V1_TAG_BYTES]);
struct ws_deflate *v1_reply_deflate(struct session *session);
#define V1_GZIP_HEADER "Content-Encoding: gzip\r\n"

#endif
