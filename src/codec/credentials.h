/*
 * credentials: where a token may stand in the head of a request. Whether it is a good one is not asked here.
 *
 *   Authorization: Bearer TOKEN                             RFC 6750 2.1; programs
 *   Sec-WebSocket-Protocol: spectate.token, TOKEN, ...      web pages, whose WebSocket() can set no other header
 *   Cookie: NAME=TOKEN                                      RFC 6265, when a name is agreed on
 *   GET /?token=TOKEN                                       links and small devices; shows up in the logs of proxies
 *
 * A token may be given more than once, as long as it is the same one. Two different ones, also in one place (two cookies of
 * the same name), are a contradiction: whoever could choose would be choosing who the client is.
 */
#ifndef SPECTATE_CODEC_CREDENTIALS_H
#define SPECTATE_CODEC_CREDENTIALS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/span.h"
#include "codec/http.h"

/* The entry of Sec-WebSocket-Protocol whose next one is the token; and the answer to it, when nothing else is agreed on. */
#define CREDENTIALS_SUBPROTOCOL "spectate.token"

/* The parameter of the query. */
#define CREDENTIALS_PARAMETER "token"

/* In the order in which they are named, when there are several. */
enum credentials_place {
    CREDENTIALS_NONE,
    CREDENTIALS_AUTHORIZATION,
    CREDENTIALS_IN_SUBPROTOCOL,
    CREDENTIALS_COOKIE,
    CREDENTIALS_QUERY,
};

struct credentials {
    enum credentials_place place; /* the first of the above where one is */
    struct span token;   /* may be empty, or no token at all: whoever verifies it says so */
    bool contradict;     /* there are different ones */
    bool by_subprotocol; /* also: the client expects CREDENTIALS_SUBPROTOCOL in the answer */
};

/*
 * Look into all places; `cookie` is a name, NULL: there is none. The token is borrowed from `request`, or from `decoded` when
 * it had to be decoded (%XX in the query), which has to be empty and is the caller's. Another scheme than Bearer is no token.
 * 0 or ERR_NO_MEMORY.
 */
int credentials_find(const struct http_reader *request, const char *cookie, struct buf *decoded,
                     struct credentials *out);

#endif
