/*
 * ws_url: the address of a server as a client is given it: ws://host:port/path?query, or wss:// for TLS (RFC 6455 section 3).
 */
#ifndef SPECTATE_APP_WS_URL_H
#define SPECTATE_APP_WS_URL_H

#include <stdbool.h>

#define WS_URL_AUTHORITY_BYTES 280
#define WS_URL_PATH_BYTES 1024
#define WS_URL_ERROR_BYTES 120
#define WS_URL_SHOWN_BYTES 256

struct ws_url {
    char authority[WS_URL_AUTHORITY_BYTES]; /* "example.org:8080", "[::1]:80": with the port */
    char host[WS_URL_AUTHORITY_BYTES];      /* of these: "example.org", "::1" */
    char path[WS_URL_PATH_BYTES];           /* with the query; "/" when there is none */
    bool is_tls;
};

/*
 * Take `text` apart. 0, or ERR_INVALID (with `error` filled, a sentence for the user): another scheme, no host, a port
 * that is none, user info, a fragment, characters that don't belong in a URL, too long.
 */
int ws_url_parse(const char *text, struct ws_url *url, char error[WS_URL_ERROR_BYTES]);

/* A URL as it may be printed: without the tokens of its query, as redact_target() does it. */
void ws_url_show(const char *text, char shown[WS_URL_SHOWN_BYTES]);

#endif
