#include "net/conn.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "net/outbox.h"

#define CONN_MAGIC 0x636f6e6eU
#define SPANS_MAX 16
#define READS_OF_THE_REST 64

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* macOS: main ignores SIGPIPE */
#endif

static void on_ready(uv_poll_t *poll, int status, int events);

static struct conn *conn_of(void *data)
{
    struct conn *conn = data;
    CHECK_MAGIC(conn, CONN_MAGIC);
    return conn;
}

/* Ask the loop for just what can be dealt with now. Each change costs system calls, so only when it is one. */
static void watch(struct conn *conn)
{
    bool reads = !conn->connecting && !conn->ended && !conn->paused;
    unsigned events = reads ? UV_READABLE : 0;
    if (conn->wants_room || conn->connecting)
        events |= UV_WRITABLE;
    if (events == conn->watching)
        return;
    conn->watching = (uint8_t)events;
    if (events == 0)
        uv_poll_stop(&conn->poll);
    else
        uv_poll_start(&conn->poll, (int)events, on_ready);
}

static void init(struct conn *conn, struct worker *worker, const struct conn_events *events)
{
    conn->events = events;
    conn->worker = worker;
    conn->magic = CONN_MAGIC;
    conn->kept = NULL;
    conn->watching = 0;
    conn->connecting = conn->wants_room = conn->ended = conn->closing = false;
    conn->paused = false;
}

int conn_open(struct conn *conn, struct worker *worker, int fd, const struct conn_events *events)
{
    init(conn, worker, events);
    if (uv_poll_init(worker_loop(worker), &conn->poll, fd) != 0)
        return ERR_SYSTEM;
    conn->fd = fd;
    conn->poll.data = conn;
    watch(conn);
    return 0;
}

static int connect_socket(const struct address *address)
{
    int fd = socket(address->storage.ss_family, SOCK_STREAM, 0);
    if (fd < 0)
        return ERR_SYSTEM;
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const struct sockaddr *name = (const void *)&address->storage;
    bool begun = fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
                 (connect(fd, name, address->len) == 0 || errno == EINPROGRESS);
    if (!begun) {
        int error = errno;
        close(fd);
        errno = error;
        return ERR_SYSTEM;
    }
    return fd;
}

int conn_connect(struct conn *conn, struct worker *worker, const struct address *address,
                 const struct conn_events *events)
{
    int fd = connect_socket(address);
    if (fd < 0)
        return fd;
    int err = conn_open(conn, worker, fd, events);
    if (err < 0) {
        close(fd);
        return err;
    }
    conn->connecting = true;
    watch(conn);
    return 0;
}

/* --- out ------------------------------------------------------------------------------------------------------------ */

static void want_room(struct conn *conn)
{
    if (conn->wants_room)
        return;
    conn->wants_room = true;
    watch(conn);
}

/* What the socket takes of the vector. A broken connection takes nothing: the next read says why. */
static size_t write_vector(struct conn *conn, struct iovec *vector, size_t count)
{
    ssize_t written;
    struct msghdr message = {.msg_iov = vector, .msg_iovlen = count};
    do {
        written = count == 1 ? send(conn->fd, vector->iov_base, vector->iov_len, MSG_NOSIGNAL)
                             : sendmsg(conn->fd, &message, MSG_NOSIGNAL);
    } while (written < 0 && errno == EINTR);
    return written > 0 ? (size_t)written : 0;
}

static size_t fill_vector(struct iovec *vector, const struct span *spans, size_t count)
{
    size_t offered = 0;
    for (size_t i = 0; i < count; i++) {
        vector[i].iov_base = (void *)(uintptr_t)spans[i].data;
        vector[i].iov_len = spans[i].len;
        offered += spans[i].len;
    }
    return offered;
}

size_t conn_send(struct conn *conn, const struct span *spans, size_t count)
{
    CHECK(count > 0 && count <= SPANS_MAX);
    if (conn->closing)
        return 0;
    if (conn->kept != NULL || conn->connecting) {
        want_room(conn);
        return 0;
    }
    struct iovec vector[SPANS_MAX];
    size_t offered = fill_vector(vector, spans, count);
    size_t taken = write_vector(conn, vector, count);
    if (taken < offered)
        want_room(conn);
    return taken;
}

int conn_keep(struct conn *conn, struct span bytes)
{
    if (conn->closing || bytes.len == 0)
        return 0;
    int err = outbox_keep(&conn->kept, bytes);
    if (err == 0)
        want_room(conn);
    return err;
}

int conn_write(struct conn *conn, struct span bytes)
{
    if (bytes.len == 0)
        return 0;
    size_t taken = conn_send(conn, &bytes, 1);
    return conn_keep(conn, span_of(bytes.data + taken, bytes.len - taken));
}

void conn_pause(struct conn *conn)
{
    conn->paused = true;
    if (!conn->closing)
        watch(conn);
}

void conn_resume(struct conn *conn)
{
    conn->paused = false;
    if (!conn->closing)
        watch(conn);
}

size_t conn_queued(const struct conn *conn)
{
    return outbox_waiting(conn->kept).len;
}

/* True when nothing is kept any more. */
static bool write_kept(struct conn *conn)
{
    struct span waiting = outbox_waiting(conn->kept);
    if (waiting.len > 0) {
        struct iovec vector;
        fill_vector(&vector, &waiting, 1);
        outbox_sent(&conn->kept, write_vector(conn, &vector, 1));
    }
    return conn->kept == NULL;
}

void conn_shutdown(struct conn *conn)
{
    CHECK(conn_queued(conn) == 0);
    if (!conn->closing)
        shutdown(conn->fd, SHUT_WR);
}

/* --- events --------------------------------------------------------------------------------------------------------- */

static void end(struct conn *conn, enum conn_end how)
{
    conn->ended = true;
    conn->wants_room = conn->wants_room && how == CONN_END_FIN;
    watch(conn);
    conn->events->on_end(conn, how);
}

static void read_some(struct conn *conn)
{
    size_t bytes;
    uint8_t *buffer = worker_read_buffer(conn->worker, &bytes);
    ssize_t got;
    do {
        got = recv(conn->fd, buffer, bytes, 0);
    } while (got < 0 && errno == EINTR);
    if (got > 0)
        conn->events->on_bytes(conn, buffer, (size_t)got);
    else if (got == 0)
        end(conn, CONN_END_FIN);
    else if (errno != EAGAIN && errno != EWOULDBLOCK)
        end(conn, CONN_END_RESET);
}

static void finish_connecting(struct conn *conn)
{
    int error = 0;
    socklen_t len = sizeof error;
    getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    conn->connecting = false;
    if (error != 0) {
        end(conn, CONN_END_REFUSED);
        return;
    }
    watch(conn);
    conn->events->on_open(conn);
}

static void use_room(struct conn *conn)
{
    if (!write_kept(conn))
        return;
    conn->wants_room = false;
    conn->events->on_writable(conn);
    if (!conn->closing)
        watch(conn);
}

/*
 * The connection broke, and the loop has stopped watching it. What the peer sent before is still there to be read: a runner's
 * last position may be among it.
 */
static void read_the_rest(struct conn *conn)
{
    conn->watching = 0;
    for (int i = 0; i < READS_OF_THE_REST && !conn->ended && !conn->closing; i++)
        read_some(conn);
    if (!conn->ended && !conn->closing)
        end(conn, CONN_END_RESET);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct conn *conn = conn_of(poll->data);
    if (conn->connecting) {
        conn->watching = status < 0 ? 0 : conn->watching;
        finish_connecting(conn);
        return;
    }
    if (status < 0) {
        read_the_rest(conn);
        return;
    }
    if ((events & UV_READABLE) != 0 && !conn->ended)
        read_some(conn);
    if (!conn->closing && conn->wants_room && (events & UV_WRITABLE) != 0)
        use_room(conn);
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct conn *conn = conn_of(handle->data);
    conn->magic = 0;
    conn->events->on_closed(conn);
}

void conn_close(struct conn *conn)
{
    if (conn->closing)
        return;
    conn->closing = true;
    outbox_free(&conn->kept);
    uv_poll_stop(&conn->poll);
    close(conn->fd);
    conn->fd = -1;
    uv_close((uv_handle_t *)&conn->poll, on_poll_closed);
}

void conn_reset(struct conn *conn)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    if (!conn->closing)
        setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    conn_close(conn);
}

int conn_peer(const struct conn *conn, struct address *out)
{
    out->len = sizeof out->storage;
    int err = conn->closing ? -1 : getpeername(conn->fd, (void *)&out->storage, &out->len);
    return err == 0 ? 0 : ERR_SYSTEM;
}

bool conn_is_closing(const struct conn *conn)
{
    return conn->closing;
}

bool conn_is_full(const struct conn *conn)
{
    return conn->wants_room;
}
