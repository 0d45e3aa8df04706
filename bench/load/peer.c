#include "bench/load/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"

#define MAX_MESSAGE_BYTES (16U << 20)
#define FROM_ONE_ADDRESS 4096

static void close_for(struct peer *peer, const char *why)
{
    peer_drop(peer);
    peer->events->closed(peer, why);
}

static void watch(struct peer *peer, int operation)
{
    struct epoll_event event = {.data.ptr = peer};
    event.events =
        (peer->is_stalled ? 0 : EPOLLIN) | (peer->is_writing ? EPOLLOUT : 0) | EPOLLRDHUP;
    CHECK(epoll_ctl(peer->epoll, operation, peer->stream.fd, &event) == 0);
}

/* --- opening -------------------------------------------------------------------------------------------------------- */

/*
 * An address has some 28,000 ports, and the kernel looks the longer for a free one the more are taken: seconds in all, of
 * 19,000. So some thousands have another address. Where that can't be had, the kernel chooses.
 */
static void bind_to_some(int fd)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)fd / FROM_ONE_ADDRESS);
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    (void)bind(fd, (struct sockaddr *)&address, sizeof address);
}

int peer_open(struct peer *peer, const struct peer_target *target)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(target->port)};
    struct ws_client_request request = {
        .host = "127.0.0.1", .path = target->path, .subprotocol = target->subprotocol};
    struct linger at_once = {.l_onoff = 1};
    int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return ERR_SYSTEM;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    if (target->receive_bytes > 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &target->receive_bytes, sizeof target->receive_bytes);
    bind_to_some(fd);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) {
        close(fd);
        return ERR_SYSTEM;
    }
    stream_open(&peer->stream, fd, target->tls);
    ws_reader_init(&peer->reader, WS_CLIENT);
    peer->subprotocol = target->subprotocol;
    CHECK(ws_handshake_request(&request, peer->key, &peer->out) == 0);
    peer->state = PEER_CONNECTING;
    peer->is_writing = true;
    watch(peer, EPOLL_CTL_ADD);
    return 0;
}

/* --- writing -------------------------------------------------------------------------------------------------------- */

static void flush(struct peer *peer)
{
    ssize_t sent = stream_add(&peer->stream, peer->out.data, peer->out.len);
    if (sent < 0 && errno != EAGAIN) {
        close_for(peer, strerror(errno));
        return;
    }
    buf_consume(&peer->out, sent < 0 ? 0 : (size_t)sent);
    bool is_writing = peer->out.len > 0 && !stream_listens(&peer->stream);
    if (is_writing != peer->is_writing) {
        peer->is_writing = is_writing;
        watch(peer, EPOLL_CTL_MOD);
    }
}

void peer_send(struct peer *peer, enum ws_opcode opcode, struct span payload)
{
    static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    if (peer->state != PEER_OPEN)
        return;
    CHECK(ws_write(&peer->out, opcode, payload, mask) == 0);
    if (!peer->is_writing)
        flush(peer);
}

/* --- reading -------------------------------------------------------------------------------------------------------- */

static void close_as_told(struct peer *peer, struct span payload)
{
    char why[160];
    uint16_t code;
    struct span reason;
    if (ws_close_parse(payload, &code, &reason) != WS_READ_MORE)
        snprintf(why, sizeof why, "a malformed close frame");
    else
        snprintf(why, sizeof why, "closed with %u: %.*s", code, (int)reason.len,
                 (const char *)reason.data);
    close_for(peer, why);
}

static void take_piece(struct peer *peer, const struct ws_piece *piece)
{
    struct span message;
    if (ws_gather_add(&peer->gather, piece, &message) != 1)
        return;
    if (piece->opcode == WS_CLOSE)
        close_as_told(peer, message);
    else if (piece->opcode == WS_PING)
        peer_send(peer, WS_PONG, message);
    else if (piece->opcode == WS_PONG)
        peer->events->pong(peer);
    else
        peer->events->message(peer, message);
}

static void take_frames(struct peer *peer, uint8_t *bytes, size_t len)
{
    while (len > 0 && peer->state == PEER_OPEN) {
        struct ws_piece piece;
        size_t taken;
        enum ws_read result = ws_read(&peer->reader, bytes, len, MAX_MESSAGE_BYTES, &taken, &piece);
        bytes += taken;
        len -= taken;
        if (result == WS_READ_PIECE)
            take_piece(peer, &piece);
        else if (result != WS_READ_MORE)
            close_for(peer, "what the server sent is not WebSocket");
    }
}

static void take_answer(struct peer *peer, const uint8_t *bytes, size_t len)
{
    struct fault fault;
    CHECK(buf_append(&peer->in, span_of(bytes, len)) == 0);
    int head = ws_handshake_read_answer(buf_span(&peer->in), peer->key, peer->subprotocol, &fault);
    if (head == 0)
        return;
    if (head < 0) {
        close_for(peer, head == ERR_FORMAT ? fault.message : err_text(head));
        return;
    }
    struct buf rest = peer->in;
    peer->in = (struct buf){0};
    peer->state = PEER_OPEN;
    peer->events->opened(peer);
    take_frames(peer, rest.data + head, rest.len - (size_t)head);
    buf_fini(&rest);
}

static void take(struct peer *peer, uint8_t *bytes, size_t len)
{
    if (peer->state == PEER_OPEN)
        take_frames(peer, bytes, len);
    else
        take_answer(peer, bytes, len);
}

static bool reads(const struct peer *peer)
{
    return peer->state == PEER_SHAKING || (peer->state == PEER_OPEN && !peer->is_stalled);
}

/* What was decrypted already is no event of the descriptor. */
static void read_some(struct peer *peer, struct buf *scratch)
{
    do {
        ssize_t got = stream_read(&peer->stream, scratch->data, scratch->cap);
        if (got < 0 && errno == EAGAIN)
            break;
        if (got <= 0)
            close_for(peer, got == 0 ? "end of stream" : strerror(errno));
        else
            take(peer, scratch->data, (size_t)got);
    } while (reads(peer) && stream_has_more(&peer->stream));
    if (reads(peer) && peer->out.len > 0 && !peer->is_writing)
        flush(peer);
}

/* --- turning -------------------------------------------------------------------------------------------------------- */

static void finish_connecting(struct peer *peer)
{
    int error = 0;
    socklen_t len = sizeof error;
    getsockopt(peer->stream.fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (error != 0) {
        close_for(peer, strerror(error));
        return;
    }
    peer->state = PEER_SHAKING;
}

void peer_turn(struct peer *peer, uint32_t epoll_events, struct buf *scratch)
{
    if (peer->state == PEER_CONNECTING)
        finish_connecting(peer);
    if ((epoll_events & EPOLLOUT) != 0 && peer->state != PEER_CLOSED)
        flush(peer);
    if (peer->is_stalled && peer->state == PEER_OPEN) {
        if ((epoll_events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
            close_for(peer, "cut off while it did not read");
    } else if ((epoll_events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0 &&
               (peer->state == PEER_SHAKING || peer->state == PEER_OPEN)) {
        read_some(peer, scratch);
    }
}

void peer_stall(struct peer *peer)
{
    if (peer->state != PEER_OPEN)
        return;
    peer->is_stalled = true;
    watch(peer, EPOLL_CTL_MOD);
}

void peer_drop(struct peer *peer)
{
    if (peer->state != PEER_IDLE && peer->state != PEER_CLOSED) {
        stream_close(&peer->stream);
        peer->state = PEER_CLOSED;
    }
    ws_gather_fini(&peer->gather);
    buf_fini(&peer->in);
    buf_fini(&peer->out);
}
