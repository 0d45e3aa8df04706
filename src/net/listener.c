#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>
#include <utlist.h>
#include <uv.h>

#include "base/check.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

#define LISTENER_MAGIC 0x6c697374U
#define REST_MS 100

/* What each then asks for is as many handshakes: others wait for no more of them in a turn. */
#define ACCEPTS_PER_TURN 16

struct listener {
    uint32_t magic;
    struct listener_options options;
    struct worker *worker;
    uv_poll_t poll;
    uv_timer_t rest;
    struct address address;
    int fd;
    int spare_fd; /* given up for a moment when no other is left */
    int handles;  /* not closed yet */
    struct listener *prev;
    struct listener *next;
};

static void on_readable(uv_poll_t *poll, int status, int events);

static struct listener *listener_of(void *data)
{
    struct listener *listener = data;
    CHECK_MAGIC(listener, LISTENER_MAGIC);
    return listener;
}

static int set_option(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value) == 0 ? 0 : ERR_SYSTEM;
}

/* Connections inherit these from the listening socket: no call for each. */
static int set_options(int fd, const struct listener_options *options)
{
    int err = set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (err == 0 && options->address.storage.ss_family == AF_INET6)
        err = set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    if (err == 0 && options->share_port)
        err = set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (err == 0)
        err = set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (err == 0 && options->notsent_bytes > 0)
        err = set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, (int)options->notsent_bytes);
    return err;
}

static int make_non_blocking(int fd)
{
    bool done = fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0 &&
                fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
    return done ? 0 : ERR_SYSTEM;
}

static int open_socket(struct listener *listener)
{
    const struct listener_options *options = &listener->options;
    const struct sockaddr *name = (const void *)&options->address.storage;
    listener->fd = socket(options->address.storage.ss_family, SOCK_STREAM, 0);
    bool done = listener->fd >= 0 && make_non_blocking(listener->fd) == 0 &&
                set_options(listener->fd, options) == 0 &&
                bind(listener->fd, name, options->address.len) == 0 &&
                listen(listener->fd, options->backlog) == 0 &&
                address_of_socket(listener->fd, &listener->address) == 0;
    return done ? 0 : ERR_SYSTEM;
}

int listener_probe(const struct address *address)
{
    const struct sockaddr *name = (const void *)&address->storage;
    struct listener_options options = {.address = *address};
    int fd = socket(address->storage.ss_family, SOCK_STREAM, 0);
    bool is_free = fd >= 0 && set_options(fd, &options) == 0 && bind(fd, name, address->len) == 0;
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return is_free ? 0 : ERR_SYSTEM;
}

static int open_spare(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void close_if_open(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

struct listener *listener_open(struct worker *worker, const struct listener_options *options)
{
    struct listener *listener = mem_must(sizeof *listener);
    listener->magic = LISTENER_MAGIC;
    listener->options = *options;
    listener->worker = worker;
    listener->spare_fd = open_spare();
    if (open_socket(listener) < 0)
        goto fail;
    if (uv_poll_init(worker_loop(worker), &listener->poll, listener->fd) != 0)
        goto fail;
    uv_timer_init(worker_loop(worker), &listener->rest);
    listener->handles = 2;
    listener->poll.data = listener->rest.data = listener;
    uv_poll_start(&listener->poll, UV_READABLE, on_readable);
    DL_APPEND(*worker_listeners(worker), listener);
    return listener;
fail:;
    int error = errno;
    close_if_open(&listener->fd);
    close_if_open(&listener->spare_fd);
    mem_free(listener);
    errno = error;
    return NULL;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct listener *listener = listener_of(handle->data);
    if (--listener->handles > 0)
        return;
    listener->magic = 0;
    mem_free(listener);
}

void listener_close(struct listener *listener)
{
    DL_DELETE(*worker_listeners(listener->worker), listener);
    uv_poll_stop(&listener->poll);
    close_if_open(&listener->fd);
    close_if_open(&listener->spare_fd);
    uv_close((uv_handle_t *)&listener->poll, on_handle_closed);
    uv_close((uv_handle_t *)&listener->rest, on_handle_closed);
}

const struct address *listener_address(const struct listener *listener)
{
    return &listener->address;
}

static void on_rested(uv_timer_t *timer)
{
    struct listener *listener = listener_of(timer->data);
    if (listener->spare_fd < 0)
        listener->spare_fd = open_spare();
    uv_poll_start(&listener->poll, UV_READABLE, on_readable);
}

/* Nothing can be done about the backlog for now: look away, or the loop spins on it. */
static void rest_for_a_while(struct listener *listener)
{
    uv_poll_stop(&listener->poll);
    uv_timer_start(&listener->rest, on_rested, REST_MS, 0);
}

static void turn_one_away(struct listener *listener)
{
    LOG(LOG_WARN, "net.out_of_descriptors", NO_SESSION,
        "no file descriptor left: a connection was turned away");
    close_if_open(&listener->spare_fd);
    int fd = accept(listener->fd, NULL, NULL);
    if (fd >= 0) {
        close(fd);
        listener->options.on_out_of_descriptors(listener->options.context);
    }
    listener->spare_fd = open_spare();
    if (fd < 0 || listener->spare_fd < 0)
        rest_for_a_while(listener);
}

/* The next connection, non-blocking; on Linux in one call. */
static int accept_socket(int listening, struct address *peer)
{
    struct sockaddr *name = (void *)&peer->storage;
#ifdef __linux__
    return accept4(listening, name, &peer->len, SOCK_NONBLOCK | SOCK_CLOEXEC);
#else
    int fd = accept(listening, name, &peer->len);
    if (fd >= 0 && make_non_blocking(fd) < 0)
        close_if_open(&fd);
    return fd;
#endif
}

/* False when there is nothing more to accept now. */
static bool accept_one(struct listener *listener)
{
    struct address peer = {.len = sizeof peer.storage};
    int fd = accept_socket(listener->fd, &peer);
    if (fd >= 0) {
        listener->options.on_accept(listener->options.context, fd, &peer);
        return true;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        turn_one_away(listener);
        return false;
    }
    /* A connection that broke while it waited is not the listener's trouble. */
    return errno == ECONNABORTED || errno == EINTR || errno == EPROTO;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct listener *listener = listener_of(poll->data);
    (void)events;
    if (status < 0) {
        rest_for_a_while(listener);
        return;
    }
    for (int i = 0; i < ACCEPTS_PER_TURN && !uv_is_closing((uv_handle_t *)poll); i++)
        if (!accept_one(listener))
            return;
}
