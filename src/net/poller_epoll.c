/*
 * A socket is registered once, edge-triggered: an event comes when something new has arrived, or when there is room again in a
 * socket that was full. So nothing is changed in the set as sockets fill and drain. Room is asked for only from the first full
 * socket on, or else each new connection would begin with an event that says that it is empty.
 *
 * Asking again is the rare case (a peer that sent more than one buffer) and costs a system call: with EPOLL_CTL_MOD the kernel
 * looks anew, and puts the socket at the end of its queue.
 */
#include "net/poller.h"

#include <sys/epoll.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"

#define EVENTS_PER_TURN 1024 /* the others stay in the kernel's queue, in order */

struct poller {
    uv_poll_t set; /* the epoll set, in the loop */
    const struct poller_events *events;
    struct polled *removed; /* of these on_removed is owed */
    size_t count;           /* these too */
    int epoll_fd;
    struct epoll_event batch[EVENTS_PER_TURN];
};

static unsigned ready_to_read(uint32_t events)
{
    unsigned ready = (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0 ? POLLER_READ : 0;
    if ((events & (EPOLLRDHUP | EPOLLHUP)) != 0)
        ready |= POLLER_END;
    if ((events & EPOLLERR) != 0)
        ready |= POLLER_BROKEN;
    return ready;
}

static void tell(struct poller *poller, struct polled *polled, uint32_t events)
{
    unsigned ready = 0;
    if ((polled->wanted & POLLER_READ) != 0)
        ready = ready_to_read(events);
    if ((polled->wanted & POLLER_WRITE) != 0 && (events & EPOLLOUT) != 0)
        ready |= POLLER_WRITE;
    if (ready != 0)
        poller->events->on_ready(polled, ready);
}

/* Nothing is freed while the batch is gone through, and a descriptor's number that is used anew is another `polled`. */
static void on_set_ready(uv_poll_t *set, int status, int events)
{
    struct poller *poller = set->data;
    (void)status, (void)events;
    int count = epoll_wait(poller->epoll_fd, poller->batch, EVENTS_PER_TURN, 0);
    for (int i = 0; i < count; i++) {
        struct polled *polled = poller->batch[i].data.ptr;
        if (!polled->is_removed)
            tell(poller, polled, poller->batch[i].events);
    }
}

struct poller *poller_new(uv_loop_t *loop, const struct poller_events *events)
{
    struct poller *poller = mem_must(sizeof *poller);
    poller->events = events;
    poller->set.data = poller;
    poller->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (poller->epoll_fd < 0 || uv_poll_init(loop, &poller->set, poller->epoll_fd) != 0) {
        if (poller->epoll_fd >= 0)
            close(poller->epoll_fd);
        mem_free(poller);
        return NULL;
    }
    uv_poll_start(&poller->set, UV_READABLE, on_set_ready);
    uv_unref((uv_handle_t *)&poller->set);
    return poller;
}

void poller_stop(struct poller *poller)
{
    CHECK(poller->count == 0);
    uv_close((uv_handle_t *)&poller->set, NULL);
}

void poller_free(struct poller **poller)
{
    if (*poller == NULL)
        return;
    close((*poller)->epoll_fd);
    mem_free(*poller);
    *poller = NULL;
}

static int control(struct poller *poller, int operation, struct polled *polled)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = polled};
    if ((polled->asked & POLLER_WRITE) != 0)
        event.events |= EPOLLOUT;
    return epoll_ctl(poller->epoll_fd, operation, polled->fd, &event) == 0 ? 0 : ERR_SYSTEM;
}

int poller_add(struct poller *poller, struct polled *polled, int fd, unsigned wanted)
{
    *polled = (struct polled){.fd = fd, .wanted = (uint8_t)wanted, .asked = (uint8_t)wanted};
    int err = control(poller, EPOLL_CTL_ADD, polled);
    if (err == 0 && poller->count++ == 0)
        uv_ref((uv_handle_t *)&poller->set);
    return err;
}

/* What has been asked of the kernel is asked for ever. What came to be read while it was not wanted has to be told anew. */
void poller_want(struct poller *poller, struct polled *polled, unsigned wanted)
{
    unsigned added = wanted & ~(unsigned)polled->wanted;
    bool is_first = (wanted & ~(unsigned)polled->asked) != 0;
    polled->wanted = (uint8_t)wanted;
    polled->asked |= (uint8_t)wanted;
    if (is_first || (added & POLLER_READ) != 0)
        poller_again(poller, polled);
}

void poller_again(struct poller *poller, struct polled *polled)
{
    CHECK(control(poller, EPOLL_CTL_MOD, polled) == 0);
}

/* Closing the descriptor would do, unless another process held the socket too: then events would come to freed memory. */
void poller_remove(struct poller *poller, struct polled *polled)
{
    CHECK(!polled->is_removed && control(poller, EPOLL_CTL_DEL, polled) == 0);
    polled->is_removed = true;
    polled->next_removed = poller->removed;
    poller->removed = polled;
}

bool poller_end_turn(struct poller *poller)
{
    bool was_something = poller->removed != NULL;
    while (poller->removed != NULL) {
        struct polled *polled = poller->removed;
        poller->removed = polled->next_removed;
        if (--poller->count == 0)
            uv_unref((uv_handle_t *)&poller->set);
        poller->events->on_removed(polled);
    }
    return was_something;
}
