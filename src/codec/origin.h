/*
 * origin: may this web page connect (RFC 6454)? A browser says which page asks; a program need not, and could say anything,
 * so this protects people, not the server.
 */
#ifndef SPECTATE_CODEC_ORIGIN_H
#define SPECTATE_CODEC_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "codec/http.h"

/* What is allowed. Borrowed. */
struct origin_policy {
    char *const *origins; /* "https://race.example", "*" */
    size_t count;
    bool same_host; /* also pages of the host and port that the request names */
};

/*
 * True without an Origin header. False with two, and for one that is no origin. "null" (a page of no origin, a file) is only
 * allowed by "*".
 */
bool origin_is_allowed(const struct http_reader *request, const struct origin_policy *policy);

/*
 * Same scheme, host and port; letters of either case; a port that is left out is the scheme's (http, ws, https, wss). False
 * when one of them is no origin.
 */
bool origin_equals(struct span a, struct span b);

/* Is `host`, as in a Host header, that of the origin? Without a port it stands for the one that the origin's scheme has. */
bool origin_has_host(struct span origin, struct span host);

#endif
