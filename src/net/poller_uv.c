/* A handle of the loop for each socket: where there is no epoll. What is wanted is told as long as it holds. */
#include "net/poller.h"

#include "base/err.h"
#include "base/mem.h"

struct poller {
    uv_loop_t *loop;
    const struct poller_events *events;
};

struct handle {
    uv_poll_t poll;
    struct poller *poller;
    struct polled *polled;
};

struct poller *poller_new(uv_loop_t *loop, const struct poller_events *events)
{
    struct poller *poller = mem_must(sizeof *poller);
    poller->loop = loop;
    poller->events = events;
    return poller;
}

void poller_stop(struct poller *poller)
{
    (void)poller;
}

void poller_free(struct poller **poller)
{
    mem_free(*poller);
    *poller = NULL;
}

/* A failed socket is not watched any more by the loop. */
static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct handle *handle = poll->data;
    struct polled *polled = handle->polled;
    unsigned ready = 0;
    if (status < 0 && (polled->wanted & POLLER_READ) != 0)
        ready |= POLLER_READ | POLLER_BROKEN;
    if ((events & UV_READABLE) != 0)
        ready |= POLLER_READ;
    if ((events & UV_WRITABLE) != 0)
        ready |= POLLER_WRITE;
    if (status < 0)
        polled->wanted = 0;
    if (ready != 0)
        handle->poller->events->on_ready(polled, ready);
}

int poller_add(struct poller *poller, struct polled *polled, int fd, unsigned wanted)
{
    struct handle *handle = mem_try(sizeof *handle);
    if (handle == NULL)
        return ERR_NO_MEMORY;
    if (uv_poll_init(poller->loop, &handle->poll, fd) != 0) {
        mem_free(handle);
        return ERR_SYSTEM;
    }
    handle->poll.data = handle;
    handle->poller = poller;
    handle->polled = polled;
    *polled = (struct polled){.handle = handle, .fd = fd};
    poller_want(poller, polled, wanted);
    return 0;
}

void poller_want(struct poller *poller, struct polled *polled, unsigned wanted)
{
    struct handle *handle = polled->handle;
    int events = (wanted & POLLER_READ) != 0 ? UV_READABLE : 0;
    (void)poller;
    if ((wanted & POLLER_WRITE) != 0)
        events |= UV_WRITABLE;
    if (wanted == polled->wanted)
        return;
    polled->wanted = (uint8_t)wanted;
    if (events == 0)
        uv_poll_stop(&handle->poll);
    else
        uv_poll_start(&handle->poll, events, on_poll);
}

void poller_again(struct poller *poller, struct polled *polled)
{
    (void)poller, (void)polled; /* it is told as long as it holds */
}

static void on_handle_closed(uv_handle_t *closed)
{
    struct handle *handle = closed->data;
    handle->poller->events->on_removed(handle->polled);
    mem_free(handle);
}

void poller_remove(struct poller *poller, struct polled *polled)
{
    struct handle *handle = polled->handle;
    (void)poller;
    polled->is_removed = true;
    uv_poll_stop(&handle->poll);
    uv_close((uv_handle_t *)&handle->poll, on_handle_closed);
}

bool poller_end_turn(struct poller *poller)
{
    (void)poller; /* the loop tells it */
    return false;
}
