/*
 * routes: what is answered to plain HTTP requests: /, /healthz, /readyz, /metrics.
 */
#ifndef SPECTATE_APP_ROUTES_H
#define SPECTATE_APP_ROUTES_H

#include "base/buf.h"
#include "codec/http.h"

struct shard;

/* Fill status, content type and body of `answer`; the body may lie in `body`, which is the caller's. */
void route_request(struct shard *shard, const struct http_reader *request,
                   struct http_answer *answer, struct buf *body);

#endif
