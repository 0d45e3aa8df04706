/*
 * ws_handshake: the opening handshake (RFC 6455 section 4), both sides, as pure functions on heads.
 */
#ifndef SPECTATE_CODEC_WS_HANDSHAKE_H
#define SPECTATE_CODEC_WS_HANDSHAKE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/span.h"
#include "codec/http.h"

#define WS_KEY_BYTES 24    /* base64 of 16 bytes */
#define WS_ACCEPT_BYTES 28 /* base64 of 20 bytes */

/* The request asks for an upgrade to WebSocket (an Upgrade header naming it), well-formed or not. */
bool ws_handshake_is_wanted(const struct http_reader *request);

/*
 * Check a request that wants it (section 4.2.1). 101: fine. Else the status to refuse with, and `fault` says why: 405 not GET
 * (answer with Allow), 400 HTTP/1.0, no or two Host, Upgrade or Connection without its token, no or two
 * Sec-WebSocket-Version, no, two or a malformed Sec-WebSocket-Key; 426 another version (answer with Sec-WebSocket-Version: 13).
 */
int ws_handshake_check(const struct http_reader *request, struct fault *fault);

/*
 * Append the 101 answer to a request that passed the check. `subprotocol` and `extensions` are the values of
 * Sec-WebSocket-Protocol and Sec-WebSocket-Extensions (codec/ws_extension.h); NULL: none. 0 or ERR_NO_MEMORY.
 */
int ws_handshake_accept(const struct http_reader *request, const char *subprotocol,
                        const char *extensions, struct buf *out);

/* Sec-WebSocket-Accept for a key (section 4.2.2 item 5.4), NUL-terminated. */
void ws_handshake_accept_key(struct span key, char accept[WS_ACCEPT_BYTES + 1]);

/*
 * A client's request, with a key drawn at random that is also written to `key`. The texts are put in as they are. 0 or
 * ERR_NO_MEMORY.
 */
struct ws_client_request {
    const char *host;        /* as in the Host header, with the port */
    const char *path;        /* and query */
    const char *subprotocol; /* NULL: none */
    struct span token;       /* shown as Authorization: Bearer; empty: none is */
};
int ws_handshake_request(const struct ws_client_request *request, char key[WS_KEY_BYTES + 1],
                         struct buf *out);

/*
 * A client reads the server's answer head from the front of `bytes`: 0: not complete. Over 0: it is accepted and this long.
 * ERR_FORMAT: not a correct 101 for `key`; `fault` says what (the status, when it is another). It is not correct either when
 * it names another subprotocol than the one asked for, or none. ERR_TOO_BIG: over 8 KiB.
 */
int ws_handshake_read_answer(struct span bytes, const char *key, const char *subprotocol,
                             struct fault *fault);

#endif
