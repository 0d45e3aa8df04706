/*
 * The bytes are looked at before they are taken (MSG_PEEK): the system keeps what is behind the preface.
 */
#include "net/preface.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"

#define PREFACE_MAGIC 0x70726566U
#define BYTES_AT_A_TIME 1024

static struct preface *preface_of(void *data)
{
    struct preface *preface = data;
    CHECK_MAGIC(preface, PREFACE_MAGIC);
    return preface;
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct preface *preface = preface_of(handle->data);
    preface->magic = 0;
    preface->events->on_closed(preface);
}

/* The loop forgets the descriptor at once, so that another handle can watch it. */
static int let_go(struct preface *preface)
{
    int fd = preface->fd;
    preface->fd = -1;
    uv_poll_stop(&preface->poll);
    uv_close((uv_handle_t *)&preface->poll, on_poll_closed);
    return fd;
}

void preface_close(struct preface *preface)
{
    if (preface->fd >= 0)
        close(let_go(preface));
}

static void end(struct preface *preface, enum preface_end how)
{
    uv_poll_stop(&preface->poll);
    preface->events->on_end(preface, how);
}

static ssize_t receive(int fd, uint8_t *bytes, size_t len, int flags)
{
    ssize_t got;
    do {
        got = recv(fd, bytes, len, flags);
    } while (got < 0 && errno == EINTR);
    return got;
}

static void take(struct preface *preface, uint8_t *bytes, size_t len)
{
    size_t taken = 0;
    enum preface_verdict verdict = preface->events->on_bytes(preface, span_of(bytes, len), &taken);
    CHECK(taken <= len && (verdict != PREFACE_MORE || taken == len));
    /* they lie in the socket already */
    bool is_taken = receive(preface->fd, bytes, taken, 0) == (ssize_t)taken;
    if (!is_taken || verdict == PREFACE_REFUSED)
        end(preface, is_taken ? PREFACE_END_REFUSED : PREFACE_END_RESET);
    else if (verdict == PREFACE_DONE)
        preface->events->on_done(preface, let_go(preface));
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct preface *preface = preface_of(poll->data);
    uint8_t bytes[BYTES_AT_A_TIME];
    (void)events;
    ssize_t got = status < 0 ? -1 : receive(preface->fd, bytes, sizeof bytes, MSG_PEEK);
    if (got > 0)
        take(preface, bytes, (size_t)got);
    else if (got == 0)
        end(preface, PREFACE_END_FIN);
    else if (status < 0 || (errno != EAGAIN && errno != EWOULDBLOCK))
        end(preface, PREFACE_END_RESET);
}

int preface_open(struct preface *preface, struct worker *worker, int fd,
                 const struct preface_events *events)
{
    if (uv_poll_init(worker_loop(worker), &preface->poll, fd) != 0)
        return ERR_SYSTEM;
    preface->magic = PREFACE_MAGIC;
    preface->events = events;
    preface->fd = fd;
    preface->poll.data = preface;
    uv_poll_start(&preface->poll, UV_READABLE, on_ready);
    return 0;
}
