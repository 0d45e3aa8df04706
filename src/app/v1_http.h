/*
 * v1_http: what is under /v1 for plain requests (docs/protocol.md, "HTTP"): a table of routes.
 *
 * A request begins a visit (app/v1_http_visit.h), is let in or not, and goes to its route, which answers by app/v1_http_reply.h: at
 * once, or, after v1_http_wait(), when what it waits for has come.
 */
#ifndef SPECTATE_APP_V1_HTTP_H
#define SPECTATE_APP_V1_HTTP_H

#include <stdbool.h>

#include "app/routes.h"
#include "app/session.h"
#include "base/span.h"

/* A request that was let in, for its route; borrowed. */
struct v1_request {
    struct session *session;
    struct runner_id id; /* that its path names; len 0: none */
    struct span query;
};

bool v1_http_is_path(struct span path);

/* For http_limits. */
bool v1_http_takes_body(const char *method, struct span path);

/* The request that the reader holds; again when it was parked. ROUTE_TAKEN. */
enum route_result v1_http_answer(struct session *session, struct http_answer *unused);

/* It is refused before it is whole, and the session parts. */
void v1_http_refuse(struct session *session, int status, const struct fault *fault);

/* Its time is up. */
void v1_http_timeout(struct session *session);

/* Word from the store. */
void v1_http_on_stored(struct session *session, struct span note, int err);

/* The answer will come later: nothing more is read meanwhile. False: it was answered that this can't be. */
bool v1_http_wait(struct session *session);

#endif
