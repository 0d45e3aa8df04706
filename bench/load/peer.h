/*
 * peer: one WebSocket connection to the server: opens, shakes hands, reads messages, writes messages.
 *
 * It is driven by an epoll instance that the caller waits on; a ready descriptor's event has the peer in data.ptr. What
 * happens is told through a table of functions. Any fault of the server closes the connection and is said.
 */
#ifndef SPECTATE_BENCH_LOAD_PEER_H
#define SPECTATE_BENCH_LOAD_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"
#include "bench/load/stream.h"
#include "codec/ws_frame.h"
#include "codec/ws_handshake.h"
#include "codec/ws_message.h"

#define PEER_NOBODY UINT32_MAX

enum peer_state { PEER_IDLE, PEER_CONNECTING, PEER_SHAKING, PEER_OPEN, PEER_CLOSED };

struct peer {
    const struct peer_events *events; /* borrowed */
    void *ctx;
    int epoll;
    struct stream stream;
    uint32_t follower; /* whose sets it follows; PEER_NOBODY: none */
    uint32_t runner;   /* whose positions it publishes; PEER_NOBODY: none */
    enum peer_state state;
    bool is_ready;   /* the protocol's greeting is answered: it follows */
    bool is_stalled; /* reads no more */
    bool is_writing; /* waits for room in the socket */
    uint64_t due_us; /* when it was to connect */
    char key[WS_KEY_BYTES + 1];
    const char *subprotocol;
    struct ws_reader reader;
    struct ws_gather gather;
    struct buf
        in; /* the beginning of what has not arrived whole: the answer's head, then the protocol's commands */
    struct buf out; /* not taken by the socket yet */
};

/* What a peer tells. `why` is a text of static storage or borrowed. */
struct peer_events {
    void (*opened)(struct peer *peer);
    void (*message)(struct peer *peer, struct span message);
    void (*pong)(struct peer *peer);
    void (*closed)(struct peer *peer, const char *why);
};

struct peer_target {
    uint16_t port;           /* on 127.0.0.1 */
    const char *path;        /* borrowed until peer_open() returns */
    const char *subprotocol; /* NULL: none; static storage */
    int receive_bytes;       /* of the socket's buffer; 0: as the system has it */
    SSL_CTX *tls;            /* borrowed; NULL: plain */
};

/* Begin to connect. 0, or ERR_SYSTEM with errno. */
int peer_open(struct peer *peer, const struct peer_target *target);

/* Something can be read or written. `scratch` is where is read to. */
void peer_turn(struct peer *peer, uint32_t epoll_events, struct buf *scratch);

/* Send one message or control frame; what the socket does not take now follows when it does. */
void peer_send(struct peer *peer, enum ws_opcode opcode, struct span payload);

/* Read no more. */
void peer_stall(struct peer *peer);

/* Cut it off, without a word; frees all that it holds. Fine in any state. Tells nobody. */
void peer_drop(struct peer *peer);

#endif
