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
#include "net/conn_raw.h"
#include "net/conn_tls.h"
#include "net/outbox.h"

#define CONN_MAGIC 0x636f6e6eU
#define READS_OF_THE_REST 64

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* macOS: main ignores SIGPIPE */
#endif

static struct conn *conn_of(struct polled *polled)
{
    struct conn *conn = (struct conn *)(void *)polled; /* its first member */
    CHECK_MAGIC(conn, CONN_MAGIC);
    return conn;
}

/* Just what can be dealt with now. */
static unsigned wanted(const struct conn *conn)
{
    bool reads = !conn->ended && !conn->paused && (conn->tls == NULL || !conn_tls_is_in_line(conn));
    bool writes = conn->connecting || conn->kept != NULL ||
                  (conn->wants_room && (conn->tls == NULL || !conn_tls_is_shaking(conn)));
    return (reads ? POLLER_READ : 0) | (writes ? POLLER_WRITE : 0);
}

void conn_watch(struct conn *conn)
{
    poller_want(worker_poller(conn->worker), &conn->polled, wanted(conn));
}

static int begin(struct conn *conn, struct worker *worker, int fd, bool connecting)
{
    conn->worker = worker;
    conn->magic = CONN_MAGIC;
    conn->kept = NULL;
    conn->tls = NULL;
    conn->wants_room = conn->ended = conn->closing = conn->paused = false;
    conn->connecting = connecting;
    return poller_add(worker_poller(worker), &conn->polled, fd, wanted(conn));
}

int conn_open(struct conn *conn, struct worker *worker, int fd, const struct conn_events *events)
{
    conn->events = events;
    return begin(conn, worker, fd, false);
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
    conn->events = events;
    int err = begin(conn, worker, fd, true);
    if (err < 0)
        close(fd);
    return err;
}

/* --- out ------------------------------------------------------------------------------------------------------------ */

void conn_want_room(struct conn *conn)
{
    if (conn->wants_room)
        return;
    conn->wants_room = true;
    conn_watch(conn);
}

/* What the socket takes of the vector. A broken connection takes nothing: the next read says why. */
static size_t write_vector(struct conn *conn, struct iovec *vector, size_t count)
{
    ssize_t written;
    struct msghdr message = {.msg_iov = vector, .msg_iovlen = count};
    do {
        written = count == 1
                      ? send(conn->polled.fd, vector->iov_base, vector->iov_len, MSG_NOSIGNAL)
                      : sendmsg(conn->polled.fd, &message, MSG_NOSIGNAL);
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

size_t conn_raw_send(struct conn *conn, const struct span *spans, size_t count)
{
    struct iovec vector[CONN_SPANS_MAX];
    size_t offered = fill_vector(vector, spans, count);
    size_t taken = write_vector(conn, vector, count);
    if (taken < offered)
        conn_want_room(conn);
    return taken;
}

size_t conn_send(struct conn *conn, const struct span *spans, size_t count)
{
    CHECK(count > 0 && count <= CONN_SPANS_MAX);
    if (conn->closing)
        return 0;
    if (conn->tls != NULL)
        return conn_tls_send(conn, spans, count);
    if (conn->kept == NULL && !conn->connecting)
        return conn_raw_send(conn, spans, count);
    conn_want_room(conn);
    return 0;
}

int conn_keep(struct conn *conn, struct span bytes)
{
    if (conn->closing || bytes.len == 0)
        return 0;
    return conn->tls != NULL ? conn_tls_keep(conn, bytes) : conn_raw_keep(conn, bytes);
}

int conn_raw_keep(struct conn *conn, struct span bytes)
{
    if (bytes.len == 0)
        return 0;
    int err = outbox_keep(&conn->kept, bytes);
    if (err < 0 || conn->wants_room)
        return err;
    conn_want_room(conn);
    poller_again(worker_poller(conn->worker), &conn->polled); /* the socket may have room already */
    return 0;
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
        conn_watch(conn);
}

void conn_resume(struct conn *conn)
{
    conn->paused = false;
    if (!conn->closing)
        conn_watch(conn);
}

size_t conn_queued(const struct conn *conn)
{
    size_t unsaid = conn->tls != NULL ? conn_tls_unsaid(conn) : 0;
    return outbox_waiting(conn->kept).len + unsaid;
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
    if (conn->closing)
        return;
    if (conn->tls != NULL)
        conn_tls_shutdown(conn);
    else
        shutdown(conn->polled.fd, SHUT_WR);
}

/* --- events --------------------------------------------------------------------------------------------------------- */

void conn_end(struct conn *conn, enum conn_end how)
{
    conn->ended = true;
    conn->wants_room = conn->wants_room && how == CONN_END_FIN;
    conn_watch(conn);
    conn->events->on_end(conn, how);
}

/* One buffer in a turn, so that none starves the others; true when there may be more. */
static bool read_some(struct conn *conn)
{
    size_t bytes;
    uint8_t *buffer = worker_read_buffer(conn->worker, &bytes);
    ssize_t got;
    do {
        got = recv(conn->polled.fd, buffer, bytes, 0);
    } while (got < 0 && errno == EINTR);
    if (got > 0 && conn->tls != NULL)
        conn_tls_take(conn, span_of(buffer, (size_t)got));
    else if (got > 0)
        conn->events->on_bytes(conn, buffer, (size_t)got);
    else if (got == 0)
        conn_end(conn, CONN_END_FIN);
    else if (errno != EAGAIN && errno != EWOULDBLOCK)
        conn_end(conn, CONN_END_RESET);
    return got == (ssize_t)bytes;
}

/* What is told of the peer's end is told once, and it lies behind the peer's last bytes. */
static void use_bytes(struct conn *conn, unsigned ready)
{
    bool has_more = read_some(conn) || (ready & POLLER_END) != 0;
    if (has_more && !conn->ended && !conn->closing)
        poller_again(worker_poller(conn->worker), &conn->polled);
}

static void finish_connecting(struct conn *conn)
{
    int error = 0;
    socklen_t len = sizeof error;
    getsockopt(conn->polled.fd, SOL_SOCKET, SO_ERROR, &error, &len);
    conn->connecting = false;
    if (error != 0) {
        conn_end(conn, CONN_END_REFUSED);
        return;
    }
    conn_watch(conn);
    if (conn->tls != NULL)
        conn_tls_connected(conn);
    else
        conn->events->on_open(conn);
}

/* What is kept goes out; then there is room, but not for the owner while TLS shakes hands. */
static void use_room(struct conn *conn)
{
    if (!write_kept(conn))
        return;
    if (conn->tls != NULL)
        conn_tls_drained(conn);
    if (conn->tls != NULL && conn_tls_is_shaking(conn))
        return;
    conn->wants_room = false;
    conn->events->on_writable(conn);
    if (!conn->closing)
        conn_watch(conn);
}

/*
 * The connection broke, and nothing more will be told of it. What the peer sent before is still there to be read: a runner's
 * last position may be among it.
 */
static void read_the_rest(struct conn *conn)
{
    bool is_of_use = conn->tls == NULL || !conn_tls_is_waiting(conn);
    for (int i = 0; is_of_use && i < READS_OF_THE_REST && !conn->ended && !conn->closing; i++)
        read_some(conn);
    if (!conn->ended && !conn->closing)
        conn_end(conn, CONN_END_RESET);
}

void conn_read_now(struct conn *conn)
{
    use_bytes(conn, POLLER_READ | POLLER_END);
}

void conn_tell_room(struct conn *conn)
{
    if (conn->wants_room)
        use_room(conn);
}

static bool may_read(struct conn *conn)
{
    return !conn->ended && !conn->paused && (conn->tls == NULL || conn_tls_may_read(conn));
}

static void on_ready(struct polled *polled, unsigned ready)
{
    struct conn *conn = conn_of(polled);
    if (conn->connecting && (ready & (POLLER_WRITE | POLLER_BROKEN)) != 0)
        finish_connecting(conn);
    if (conn->connecting || conn->closing)
        return;
    if ((ready & POLLER_BROKEN) != 0 && !conn->paused)
        read_the_rest(conn);
    else if ((ready & POLLER_READ) != 0 && may_read(conn))
        use_bytes(conn, ready);
    if (!conn->closing && conn->wants_room && (ready & POLLER_WRITE) != 0)
        use_room(conn);
}

static void on_removed(struct polled *polled)
{
    struct conn *conn = conn_of(polled);
    conn->magic = 0;
    conn->events->on_closed(conn);
}

const struct poller_events conn_poller_events = {
    .on_ready = on_ready,
    .on_removed = on_removed,
};

void conn_close(struct conn *conn)
{
    if (conn->closing)
        return;
    if (conn->tls != NULL)
        conn_tls_close(conn, true);
    conn->closing = true;
    outbox_free(&conn->kept);
    poller_remove(worker_poller(conn->worker), &conn->polled);
    close(conn->polled.fd);
    conn->polled.fd = -1;
}

void conn_close_by_reset(int fd)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void conn_reset(struct conn *conn)
{
    if (conn->closing)
        return;
    if (conn->tls != NULL)
        conn_tls_close(conn, false);
    conn_close_by_reset(conn->polled.fd);
    conn_close(conn);
}

int conn_peer(const struct conn *conn, struct address *out)
{
    out->len = sizeof out->storage;
    int err = conn->closing ? -1 : getpeername(conn->polled.fd, (void *)&out->storage, &out->len);
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
