/*
 * ws_client: a WebSocket client (RFC 6455) on a worker's loop, small enough for thousands in one process.
 *
 * Happy path: ws_client_connect() -> on_open -> on_message ... -> ws_client_close() -> on_close -> on_released. A
 * connection that never opened, broke, or whose server broke the protocol gives on_fail in place of on_close. Exactly
 * one of the two comes, unless ws_client_abort() was called; on_released always comes, later, last. Pings are answered
 * here. It keeps no timer: ws_client_tick() is called now and then, and sees to the deadlines.
 */
#ifndef SPECTATE_APP_WS_CLIENT_H
#define SPECTATE_APP_WS_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "app/ws_url.h"
#include "base/buf.h"
#include "base/span.h"
#include "codec/ws_frame.h"
#include "codec/ws_handshake.h"
#include "codec/ws_message.h"
#include "net/address.h"
#include "net/conn.h"
#include "net/worker.h"

struct ws_client;

/* Each may be NULL but on_released. A handler may send, close or abort. */
struct ws_client_events {
    void (*on_open)(struct ws_client *client);
    /* A whole message, text or binary; the payload is gone after return. Text is valid UTF-8. */
    void (*on_message)(struct ws_client *client, struct span payload);
    void (*on_pong)(struct ws_client *client, struct span payload);
    /* The closing handshake is done; `code` is the server's, WS_CLOSE_NO_STATUS when it gave none. */
    void (*on_close)(struct ws_client *client, uint16_t code, struct span reason);
    /* A phrase for the user, printable. */
    void (*on_fail)(struct ws_client *client, const char *reason);
    /* Nothing of it remains: the memory around `client` may be freed or used for the next connection. */
    void (*on_released)(struct ws_client *client);
};

/* Shared by many clients; borrowed until on_released. */
struct ws_client_options {
    struct ws_url url;
    struct address address;  /* of url.authority: looked up once for all */
    struct tls_context *tls; /* held; for wss://, else NULL */
    struct buf token;        /* owned; shown as Authorization: Bearer; empty: none is */
    uint64_t handshake_ms;   /* from connect to the server's answer */
    uint64_t close_ms;       /* for the answer to our close, and for the server's FIN */
    uint64_t
        quiet_ms; /* a server silent for so long is pinged, for twice as long given up; 0: never */
    uint64_t max_message_bytes; /* of the server's messages */
    size_t max_queued_bytes;    /* that wait for the socket to take them */
};

enum ws_client_state {
    WS_CLIENT_RELEASED, /* all zero: not connected yet, or not any more */
    WS_CLIENT_CONNECTING,
    WS_CLIENT_HANDSHAKE,
    WS_CLIENT_OPEN,
    WS_CLIENT_CLOSING, /* our close frame is out, the server's is not here; messages may still come */
    WS_CLIENT_LEAVING, /* both are: the server ends the connection first, or the deadline does */
    WS_CLIENT_DYING,   /* on_released is next */
};

/* Embedded in its owner's struct. Private but for its size and `state`. */
struct ws_client {
    struct conn conn;
    const struct ws_client_options *options;
    const struct ws_client_events *events;
    struct ws_reader reader;
    struct ws_gather gather;
    struct buf head;      /* of the server's answer, until it is whole */
    uint64_t deadline_ms; /* 0: none */
    uint64_t heard_ms;    /* when the last bytes came */
    char key[WS_KEY_BYTES + 1];
    bool pinged; /* since it was last heard */
    enum ws_client_state state;
};

#define WS_CLIENT_ERROR_BYTES 512

/*
 * Fill everything but the numbers and the token from a URL: take it apart and look its host up, which may block. The certificate of a wss://
 * server must lead to one in the PEM file `ca`; NULL: to one that the system trusts. 0, or ERR_INVALID (the file is wrong, or
 * is none of a ws:// URL) or ERR_NOT_FOUND with `error` filled.
 */
int ws_client_options_set_url(struct ws_client_options *options, const char *url, const char *ca,
                              char error[WS_CLIENT_ERROR_BYTES]);

/* Let go of what they hold, once no client uses them. */
void ws_client_options_fini(struct ws_client_options *options);

/* Begin. `client` is all zero or released. 0, or ERR_SYSTEM (out of descriptors), ERR_NO_MEMORY: no event follows. */
int ws_client_connect(struct ws_client *client, struct worker *worker,
                      const struct ws_client_options *options,
                      const struct ws_client_events *events);

/* 0; ERR_CLOSED: not open; ERR_FULL: the server does not read, max_queued_bytes wait; ERR_NO_MEMORY. */
int ws_client_send_text(struct ws_client *client, struct span text);

/* `payload` is at most WS_CONTROL_MAX_BYTES. As above. */
int ws_client_ping(struct ws_client *client, struct span payload);

/* Begin the closing handshake; before the connection is open, the same as abort. More than once is fine. */
void ws_client_close(struct ws_client *client, uint16_t code, const char *reason);

/* End at once, from any state; neither on_close nor on_fail follows, only on_released. */
void ws_client_abort(struct ws_client *client);

/* See to the deadlines; as often as these should be exact. */
void ws_client_tick(struct ws_client *client, uint64_t now_ms);

#endif
