/*
 * v1_http_visit: one request under /v1, from its head to the last byte of its answer: who asks, and what he may.
 *
 * Requests of several people may come on one connection, by a proxy: so the token counts for its request alone, and so does the
 * address that a trusted proxy names. Meanwhile they are the session's; then it has again what the connection came with. A session is
 * asked, while the visit lasts, as if it spoke WebSocket (app/session_act.h).
 */
#ifndef SPECTATE_APP_V1_HTTP_VISIT_H
#define SPECTATE_APP_V1_HTTP_VISIT_H

#include <stdbool.h>

#include "app/session.h"
#include "app/v1_http_flow.h"
#include "base/fault.h"
#include "base/ip.h"

struct permit;

struct v1_visit {
    struct ip peer;     /* of the connection */
    struct permit *own; /* owned; of the connection, by its certificate, while a token counts */
    bool shows_token;   /* the session's permit is of a token */
    struct v1_flow flow;
};

/* Of the request that the reader holds. 0 or ERR_NO_MEMORY. */
int v1_visit_begin(struct session *session);

/*
 * May it ask at all: origin, token, and how much it asks. 200; 0: it waits for keys, and is taken up anew; or the status to refuse with, and
 * `fault` says why.
 */
int v1_visit_admit(struct session *session, struct fault *fault);

/* Does its token still count? */
bool v1_visit_holds(const struct session *session);

/* It is over, answered or not. Nothing happens when there is none. */
void v1_visit_end(struct session *session);

#endif
