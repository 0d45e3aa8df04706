#include "tests/lib/played_http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/lib/test.h"

#define MOST_HELD 16
#define HEAD_BYTES 8192
#define BOUND_SECONDS 60

struct peer {
    int fd;
    SSL *ssl; /* NULL: plain */
};

struct played_http {
    SSL_CTX *tls;
    int listener;
    int end; /* eventfd */
    char url[64];
    pthread_t thread;
    struct peer held[MOST_HELD]; /* the thread's own */
    int held_count;
    pthread_mutex_t lock; /* for what follows */
    pthread_cond_t changed;
    int requests;
    const char *answer;
    size_t answer_len;
    bool holds;
};

static void hang_up(struct peer *peer)
{
    SSL_free(peer->ssl);
    close(peer->fd);
}

static ssize_t read_from(struct peer *peer, char *bytes, size_t room)
{
    return peer->ssl != NULL ? SSL_read(peer->ssl, bytes, (int)room)
                             : recv(peer->fd, bytes, room, 0);
}

/* A peer that went away is its own business. */
static void write_to(struct peer *peer, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t put = peer->ssl != NULL ? SSL_write(peer->ssl, bytes, (int)len)
                                        : send(peer->fd, bytes, len, MSG_NOSIGNAL);
        if (put <= 0)
            return;
        bytes += put;
        len -= (size_t)put;
    }
}

static bool read_head(struct peer *peer)
{
    char head[HEAD_BYTES] = "";
    size_t len = 0;
    while (len + 1 < sizeof head && strstr(head, "\r\n\r\n") == NULL) {
        ssize_t got = read_from(peer, head + len, sizeof head - 1 - len);
        if (got <= 0)
            return false;
        len += (size_t)got;
        head[len] = '\0';
    }
    return true;
}

static bool begin(struct played_http *server, struct peer *peer)
{
    peer->fd = accept(server->listener, NULL, NULL);
    peer->ssl = NULL;
    if (server->tls != NULL) {
        peer->ssl = SSL_new(server->tls);
        SSL_set_fd(peer->ssl, peer->fd);
        if (SSL_accept(peer->ssl) != 1)
            return false;
    }
    return read_head(peer);
}

static void serve(struct played_http *server)
{
    struct peer peer;
    if (!begin(server, &peer)) {
        hang_up(&peer);
        return;
    }
    pthread_mutex_lock(&server->lock);
    const char *answer = server->answer;
    size_t len = server->answer_len;
    bool holds = server->holds && server->held_count < MOST_HELD;
    server->requests++;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
    write_to(&peer, answer, len);
    if (holds)
        server->held[server->held_count++] = peer;
    else
        hang_up(&peer);
}

/* OpenSSL writes to peers that went away; in this thread that is no signal, in others it would be. */
static void ignore_broken_pipes(void)
{
    sigset_t broken_pipe;
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipe, NULL);
}

static void *run(void *context)
{
    struct played_http *server = context;
    ignore_broken_pipes();
    struct pollfd fds[] = {{.fd = server->listener, .events = POLLIN},
                           {.fd = server->end, .events = POLLIN}};
    while (poll(fds, 2, -1) > 0 && fds[1].revents == 0)
        serve(server);
    return NULL;
}

static void listen_somewhere(struct played_http *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(server->listener, 16), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &len), 0);
    snprintf(server->url, sizeof server->url, "%s://127.0.0.1:%u/jwks",
             server->tls != NULL ? "https" : "http", ntohs(address.sin_port));
}

struct played_http *played_http_new(SSL_CTX *tls)
{
    struct played_http *server = mem_must(sizeof *server);
    server->tls = tls;
    server->answer = "";
    server->end = eventfd(0, EFD_CLOEXEC);
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->changed, NULL);
    listen_somewhere(server);
    assert_int_equal(pthread_create(&server->thread, NULL, run, server), 0);
    return server;
}

void played_http_free(struct played_http **server)
{
    struct played_http *it = *server;
    assert_int_equal(eventfd_write(it->end, 1), 0);
    pthread_join(it->thread, NULL);
    for (int i = 0; i < it->held_count; i++)
        hang_up(&it->held[i]);
    close(it->listener);
    close(it->end);
    pthread_mutex_destroy(&it->lock);
    pthread_cond_destroy(&it->changed);
    mem_free(it);
    *server = NULL;
}

const char *played_http_url(const struct played_http *server)
{
    return server->url;
}

static void set_answer(struct played_http *server, const char *bytes, size_t len, bool holds)
{
    pthread_mutex_lock(&server->lock);
    server->answer = bytes;
    server->answer_len = len;
    server->holds = holds;
    pthread_mutex_unlock(&server->lock);
}

void played_http_answer(struct played_http *server, const char *bytes, size_t len)
{
    set_answer(server, bytes, len, false);
}

void played_http_answer_and_hold(struct played_http *server, const char *bytes, size_t len)
{
    set_answer(server, bytes, len, true);
}

int played_http_requests(struct played_http *server)
{
    pthread_mutex_lock(&server->lock);
    int requests = server->requests;
    pthread_mutex_unlock(&server->lock);
    return requests;
}

void played_http_await_requests(struct played_http *server, int count)
{
    struct timespec until;
    int late = 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += BOUND_SECONDS;
    pthread_mutex_lock(&server->lock);
    while (server->requests < count && late == 0)
        late = pthread_cond_timedwait(&server->changed, &server->lock, &until);
    int requests = server->requests;
    pthread_mutex_unlock(&server->lock);
    if (requests < count)
        fail_msg("%d requests came, not %d", requests, count);
}
