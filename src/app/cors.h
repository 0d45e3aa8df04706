/*
 * cors: which web pages of other origins may read what is under /v1 (Fetch standard, "HTTP-network-or-cache fetch" and "CORS
 * protocol"): those that may connect. Cookies are never let along: a page shows its token itself.
 */
#ifndef SPECTATE_APP_CORS_H
#define SPECTATE_APP_CORS_H

#include <stdbool.h>

#include "codec/http.h"
#include "codec/origin.h"

#define CORS_BYTES 640

/* A page asks whether it may send a request, before it does. */
bool cors_is_preflight(const struct http_reader *request);

/* Whole header lines, for the answer to `request`. */
void cors_write_headers(const struct http_reader *request, const struct origin_policy *policy,
                        char out[CORS_BYTES]);

#endif
