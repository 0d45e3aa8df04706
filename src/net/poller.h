/*
 * poller: tells a worker's connections when their sockets are ready.
 *
 * On Linux (poller_epoll.c) a poller is one epoll set, which the loop watches as one descriptor; elsewhere (poller_uv.c) each
 * socket has a handle of the loop. The contract fits both: what is told is a hint, the socket may be empty or full all the
 * same; and it may be told just once, so whoever leaves something unread asks again.
 *
 * What is removed within a turn stays in memory until on_removed, after the turn's last event: an event that was already on
 * its way finds it, and is dropped.
 */
#ifndef SPECTATE_NET_POLLER_H
#define SPECTATE_NET_POLLER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct poller;

/* What a socket is ready for. READ and WRITE can be wanted, and the others come with READ: not while that is not wanted. */
enum {
    POLLER_READ = 1,
    POLLER_WRITE = 2,  /* it was full and has room again */
    POLLER_END = 4,    /* the peer has ended: behind what it sent last there is the end */
    POLLER_BROKEN = 8, /* the socket has failed: nothing is told of it any more */
};

/* Embedded in what is polled. Private but for its size and `fd`. */
struct polled {
    union {
        struct polled *next_removed; /* poller_epoll.c, once it is removed */
        void *handle;                /* poller_uv.c; owned */
    };
    int fd; /* borrowed */
    uint8_t wanted;
    uint8_t asked; /* poller_epoll.c: of the kernel */
    bool is_removed;
};

struct poller_events {
    void (*on_ready)(struct polled *polled, unsigned ready);
    /* The last that is told of it, once for each poller_remove(): its memory may be freed. */
    void (*on_removed)(struct polled *polled);
};

/* Owned by the caller. All it has is in one thread. NULL: the system refused. */
struct poller *poller_new(uv_loop_t *loop, const struct poller_events *events);

/* With nothing in it; the loop must turn once more before poller_free(). */
void poller_stop(struct poller *poller);
void poller_free(struct poller **poller);

/*
 * Watch a non-blocking descriptor, for READ or READ and WRITE. The loop lives while there is one. 0; ERR_SYSTEM,
 * ERR_NO_MEMORY: the descriptor is not watched.
 */
int poller_add(struct poller *poller, struct polled *polled, int fd, unsigned wanted);

/*
 * What is to be told from now on, 0 or more of READ and WRITE. READ that was not wanted before is told if it holds already;
 * WRITE need not be, when the last write was taken whole: poller_again().
 */
void poller_want(struct poller *poller, struct polled *polled, unsigned wanted);

/* What was told is not used up, or held before it was wanted: tell it in the next turn, if it holds and is wanted. */
void poller_again(struct poller *poller, struct polled *polled);

/* Watch it no more: the descriptor may be closed right after. on_removed follows. */
void poller_remove(struct poller *poller, struct polled *polled);

/* The worker's turn is about to end: on_removed for what was removed. True when there was something. */
bool poller_end_turn(struct poller *poller);

#endif
