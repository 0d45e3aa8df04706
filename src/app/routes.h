/*
 * routes: what is answered to plain HTTP requests.
 */
#ifndef SPECTATE_APP_ROUTES_H
#define SPECTATE_APP_ROUTES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "codec/http.h"

struct session;

enum route_result {
    ROUTE_ANSWERED, /* `answer` is filled; the body may lie in `body`, which is the caller's */
    ROUTE_LATER,    /* session_answer_later() will be called, unless the session ends before */
    ROUTE_TAKEN,    /* it is the route's own business: session_http_done() was called, or will be */
};

/* What a port serves. Static. */
struct routes {
    enum route_result (*answer)(struct session *session, struct http_answer *answer,
                                struct buf *body);
    bool takes_websockets;
    bool has_long_answers; /* max-queued-bytes is for what waits before one */
    size_t body_bytes;     /* of a request, at most */
    http_takes_body_fn
        *takes_body; /* NULL: any may have one; else they are bounded by max-upload-bytes */
};

/* For everybody: /, /healthz, /readyz, /metrics, and what is under /v1. */
extern const struct routes public_routes;

/* For those who write routes: plain text, JSON; a route that only may be read, by another method. */
void route_answer_text(struct http_answer *answer, int status, const char *text);
void route_answer_json(struct http_answer *answer, int status, const struct buf *body);
bool route_is_readable_method(const char *method);

#endif
