/*
 * bare: the least that a server can do for followers of the same runners: it reads positions, and at the end of a loop turn sends
 * what came, framed, to everybody, by one send each. The floor that CPU per delivery is compared with.
 *
 * Nothing is checked and nobody is known: a message is a position when it begins like one, any other makes its sender a follower of
 * all. A frame must arrive whole. A follower whose socket is full is cut off. Never for use.
 *
 *   bare PORT      on 127.0.0.1, until it is killed
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/mem.h"
#include "cli/descriptors.h"
#include "codec/ws_frame.h"
#include "codec/ws_handshake.h"

#define READ_BYTES 65536
#define EVENTS_PER_TURN 256
#define BACKLOG 4096

/* By descriptor. */
enum role { NOBODY, SHAKING, TALKING, FOLLOWING };

struct bare {
    int epoll;
    int listener;
    uint8_t *roles;
    int *followers; /* descriptors */
    size_t follower_count;
    struct buf batch; /* frames of this turn */
    uint8_t bytes[READ_BYTES];
};

static void watch(const struct bare *bare, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    CHECK(epoll_ctl(bare->epoll, EPOLL_CTL_ADD, fd, &event) == 0);
}

static void listen_at(struct bare *bare, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bare->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    CHECK(bare->listener >= 0);
    setsockopt(bare->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    CHECK(bind(bare->listener, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(listen(bare->listener, BACKLOG) == 0);
    watch(bare, bare->listener);
}

static void accept_one(struct bare *bare)
{
    int on = 1;
    int fd = accept4(bare->listener, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0)
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    bare->roles[fd] = SHAKING;
    watch(bare, fd);
}

static void shake_hands(struct bare *bare, int fd, size_t len)
{
    static const char name[] = "Sec-WebSocket-Key: ";
    char accept[WS_ACCEPT_BYTES + 1];
    char answer[256];
    const uint8_t *key = memmem(bare->bytes, len, name, sizeof name - 1);
    CHECK(key != NULL);
    ws_handshake_accept_key(span_of(key + sizeof name - 1, WS_KEY_BYTES), accept);
    int bytes = snprintf(answer, sizeof answer,
                         "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                         "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                         accept);
    (void)!write(fd, answer, (size_t)bytes);
    bare->roles[fd] = TALKING;
}

static void take_message(struct bare *bare, int fd, enum ws_opcode opcode, struct span payload)
{
    static const char position[] = "{\"userId\"";
    static const uint8_t pong[] = {0x80 | WS_PONG, 0};
    if (opcode == WS_PING) {
        (void)!write(fd, pong, sizeof pong);
    } else if (payload.len > sizeof position &&
               memcmp(payload.data, position, sizeof position - 1) == 0) {
        CHECK(ws_write(&bare->batch, WS_TEXT, payload, NULL) == 0);
    } else if (bare->roles[fd] == TALKING) {
        bare->roles[fd] = FOLLOWING;
        bare->followers[bare->follower_count++] = fd;
    }
}

static void take_frames(struct bare *bare, int fd, size_t len)
{
    uint8_t *at = bare->bytes;
    uint8_t *end = at + len;
    while (at < end) {
        bool is_long = (at[1] & 0x7f) == 126;
        size_t bytes = is_long ? (size_t)at[2] << 8 | at[3] : at[1] & 0x7f;
        uint8_t *mask = at + (is_long ? 4 : 2);
        CHECK(mask + 4 + bytes <= end);
        ws_mask(mask + 4, bytes, mask, 0);
        take_message(bare, fd, at[0] & 0xf, span_of(mask + 4, bytes));
        at = mask + 4 + bytes;
    }
}

static void forget(struct bare *bare, int fd)
{
    for (size_t i = 0; i < bare->follower_count; i++)
        if (bare->followers[i] == fd)
            bare->followers[i] = bare->followers[--bare->follower_count];
    close(fd);
}

static void turn(struct bare *bare)
{
    struct epoll_event events[EVENTS_PER_TURN];
    int count = epoll_wait(bare->epoll, events, EVENTS_PER_TURN, -1);
    for (int i = 0; i < count; i++) {
        int fd = events[i].data.fd;
        if (fd == bare->listener) {
            accept_one(bare);
            continue;
        }
        ssize_t got = read(fd, bare->bytes, READ_BYTES);
        if (got <= 0)
            forget(bare, fd);
        else if (bare->roles[fd] == SHAKING)
            shake_hands(bare, fd, (size_t)got);
        else
            take_frames(bare, fd, (size_t)got);
    }
}

static void send_batch(struct bare *bare)
{
    if (bare->batch.len == 0)
        return;
    for (size_t i = 0; i < bare->follower_count; i++) {
        ssize_t sent = send(bare->followers[i], bare->batch.data, bare->batch.len, MSG_NOSIGNAL);
        if (sent != (ssize_t)bare->batch.len)
            shutdown(bare->followers[i], SHUT_RDWR);
    }
    bare->batch.len = 0;
}

int main(int argc, char **argv)
{
    static struct bare bare;
    size_t descriptors = (size_t)descriptors_raise_limit();
    unsigned long port = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
    if (port == 0 || port > UINT16_MAX) {
        fputs("usage: bare PORT\n", stderr);
        return 2;
    }
    bare.epoll = epoll_create1(EPOLL_CLOEXEC);
    bare.roles = mem_must(descriptors);
    bare.followers = mem_must(descriptors * sizeof *bare.followers);
    listen_at(&bare, (uint16_t)port);
    for (;;) {
        turn(&bare);
        send_batch(&bare);
    }
}
