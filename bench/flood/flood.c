/*
 * flood: somebody who guesses. From one address, as fast as it is told, it connects, shows a bad token in the handshake, reads
 * the refusal and goes. Its own place in line is the last: what it costs the others is the server's doing, and not its own.
 *
 *   flood PORT RATE SECONDS TOKEN      to 127.0.0.1; prints a line of JSON: what was begun, and how each ended
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "bench/load/schedule.h"
#include "cli/descriptors.h"

#define OWN_ADDRESS                                                                                \
    0x7f000002 /* 127.0.0.2: the budget of bad tokens is the address's, and the users have another */
#define WINDOW 256 /* on their way at a time */
#define EVENTS_PER_TURN 256
#define PATIENCE_MS 1000 /* for those on their way at the end */
#define REQUEST_BYTES 10000
#define READ_BYTES 4096

enum guess_state { ASKING = 1, REFUSED };

struct flood {
    struct sockaddr_in server;
    char request[REQUEST_BYTES];
    size_t request_bytes;
    struct schedule schedule;
    uint64_t end_us;
    int epoll;
    uint8_t *guesses; /* by descriptor: enum guess_state */
    uint64_t open;
    uint64_t refused; /* 429 */
    uint64_t others;  /* any other answer */
    uint64_t reset;   /* without one: cut off */
    uint64_t dropped; /* without one: nobody listens, or the stream just ended */
};

static void write_request(struct flood *flood, const char *token)
{
    int bytes = snprintf(flood->request, sizeof flood->request,
                         "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
                         "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                         "Authorization: Bearer %s\r\n\r\n",
                         token);
    CHECK(bytes > 0 && (size_t)bytes < sizeof flood->request);
    flood->request_bytes = (size_t)bytes;
}

static void control(const struct flood *flood, int fd, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};
    CHECK(epoll_ctl(flood->epoll, operation, fd, &event) == 0);
}

/* The port is chosen when the server's is known: so there are enough of them. */
static int open_socket(void)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(OWN_ADDRESS)};
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0);
    CHECK(setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) == 0);
    CHECK(bind(fd, (struct sockaddr *)&own, sizeof own) == 0);
    return fd;
}

static void begin(struct flood *flood)
{
    int fd = open_socket();
    flood->schedule.taken++;
    if (connect(fd, (struct sockaddr *)&flood->server, sizeof flood->server) < 0 &&
        errno != EINPROGRESS) {
        flood->dropped++;
        close(fd);
        return;
    }
    flood->guesses[fd] = 0;
    flood->open++;
    control(flood, fd, EPOLL_CTL_ADD, EPOLLOUT);
}

/* `error`: of the descriptor, or of the last call for it; 0: the stream ended. */
static void end(struct flood *flood, int fd, int error)
{
    bool is_reset = error == ECONNRESET || error == EPIPE;
    if (flood->guesses[fd] != REFUSED) {
        flood->reset += is_reset;
        flood->dropped += !is_reset;
    }
    flood->open--;
    close(fd);
}

static void ask(struct flood *flood, int fd)
{
    ssize_t sent = send(fd, flood->request, flood->request_bytes, MSG_NOSIGNAL);
    if (sent != (ssize_t)flood->request_bytes) {
        end(flood, fd, sent < 0 ? errno : 0);
        return;
    }
    flood->guesses[fd] = ASKING;
    control(flood, fd, EPOLL_CTL_MOD, EPOLLIN);
}

/* The answer comes in one piece; the end of the stream behind it. */
static void read_answer(struct flood *flood, int fd)
{
    static const char refusal[] = "HTTP/1.1 429 ";
    char bytes[READ_BYTES];
    ssize_t got = recv(fd, bytes, sizeof bytes, 0);
    if (got <= 0) {
        end(flood, fd, got < 0 ? errno : 0);
        return;
    }
    if (flood->guesses[fd] != ASKING)
        return;
    bool is_refusal = (size_t)got >= sizeof refusal - 1 && memcmp(bytes, refusal, 13) == 0;
    flood->refused += is_refusal;
    flood->others += !is_refusal;
    flood->guesses[fd] = REFUSED;
}

static void begin_what_is_due(struct flood *flood, uint64_t now_us)
{
    while (flood->open < WINDOW && now_us < flood->end_us &&
           schedule_next_us(&flood->schedule) <= now_us)
        begin(flood);
}

static void turn(struct flood *flood)
{
    struct epoll_event events[EVENTS_PER_TURN];
    int count = epoll_wait(flood->epoll, events, EVENTS_PER_TURN, 1);
    for (int i = 0; i < count; i++) {
        if ((events[i].events & EPOLLOUT) != 0 && (events[i].events & EPOLLERR) == 0)
            ask(flood, events[i].data.fd);
        else
            read_answer(flood, events[i].data.fd);
    }
}

static void run(struct flood *flood, double rate, double seconds)
{
    flood->schedule = (struct schedule){clock_monotonic_us(), rate, 0};
    flood->end_us = flood->schedule.start_us + (uint64_t)(seconds * 1e6);
    uint64_t now_us;
    while ((now_us = clock_monotonic_us()) < flood->end_us ||
           (flood->open > 0 && now_us < flood->end_us + PATIENCE_MS * 1000)) {
        begin_what_is_due(flood, now_us);
        turn(flood);
    }
}

static void report(const struct flood *flood, double seconds)
{
    printf("{\"begun\":%" PRIu64 ",\"per_s\":%.0f,\"refused\":%" PRIu64 ",\"others\":%" PRIu64
           ",\"reset\":%" PRIu64 ",\"dropped\":%" PRIu64 ",\"unanswered\":%" PRIu64 "}\n",
           flood->schedule.taken, (double)flood->schedule.taken / seconds, flood->refused,
           flood->others, flood->reset, flood->dropped, flood->open);
}

int main(int argc, char **argv)
{
    static struct flood flood;
    unsigned long port = argc == 5 ? strtoul(argv[1], NULL, 10) : 0;
    if (port == 0 || port > UINT16_MAX) {
        fputs("usage: flood PORT RATE SECONDS TOKEN\n", stderr);
        return 2;
    }
    double rate = strtod(argv[2], NULL);
    double seconds = strtod(argv[3], NULL);
    flood.server.sin_family = AF_INET;
    flood.server.sin_port = htons((uint16_t)port);
    flood.server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    flood.guesses = mem_must(descriptors_raise_limit());
    flood.epoll = epoll_create1(EPOLL_CLOEXEC);
    CHECK(flood.epoll >= 0);
    write_request(&flood, argv[4]);
    run(&flood, rate, seconds);
    report(&flood, seconds);
    return 0;
}
