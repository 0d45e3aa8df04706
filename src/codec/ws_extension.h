/*
 * ws_extension: the server's side of the negotiation of permessage-deflate (RFC 7692 section 5 and 7.1), a pure function of
 * the request.
 *
 * Of what the client offers, over all lines of Sec-WebSocket-Extensions, the first that we can accept is taken. The answer
 * always has server_no_context_takeover and client_no_context_takeover: nothing is kept between messages
 * (codec/ws_deflate.h). A limit of our window (server_max_window_bits) is kept by not compressing longer messages for that
 * client. A limit that the client can set itself (client_max_window_bits) is left to it: we inflate with the largest window.
 */
#ifndef SPECTATE_CODEC_WS_EXTENSION_H
#define SPECTATE_CODEC_WS_EXTENSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/http.h"

#define WS_EXTENSION_ANSWER_BYTES 112
#define WS_WINDOW_BITS_MIN 8
#define WS_WINDOW_BITS_MAX 15

struct ws_extension {
    uint8_t window_bits; /* 8 to 15, of what we send: see ws_extension_fits() */
    /* the value of our Sec-WebSocket-Extensions, NUL-terminated */
    char answer[WS_EXTENSION_ANSWER_BYTES];
};

/*
 * 1: agreed, and `*agreed` says on what. 0: no offer, or none that we can accept: other extensions, and permessage-deflate
 * with a parameter that is unknown, there twice, or with a wrong value (section 7.1). ERR_FORMAT: the header breaks the
 * grammar of RFC 6455 section 9.1, which says that the handshake must fail: answer 400.
 */
int ws_extension_negotiate(const struct http_reader *request, struct ws_extension *agreed);

/* A message of so many bytes may be sent compressed to a client with this window: no match in it can reach too far back. */
bool ws_extension_fits(unsigned window_bits, size_t message_bytes);

#endif
