/*
 * listener: a listening socket of a worker.
 *
 * Accepts a bounded number of connections per turn. When the process has no descriptor left it gives up a spare one, accepts,
 * closes the newcomer and takes the spare back: the peer learns at once, and the loop does not spin on a backlog it can't
 * empty. When even that fails it rests for a while.
 */
#ifndef SPECTATE_NET_LISTENER_H
#define SPECTATE_NET_LISTENER_H

#include <stdbool.h>
#include <stddef.h>

#include "net/address.h"
#include "net/worker.h"

struct listener;

struct listener_options {
    struct address address;
    int backlog;
    bool share_port;      /* SO_REUSEPORT: several workers on one port */
    size_t notsent_bytes; /* TCP_NOTSENT_LOWAT of the connections; 0: the system's */
    void *context;        /* borrowed */
    /* A new connection: the descriptor, non-blocking, is the callee's. */
    void (*on_accept)(void *context, int fd, const struct address *peer);
    /* Turned away since the process is out of descriptors. */
    void (*on_out_of_descriptors)(void *context);
};

/*
 * Bind, listen and accept from the next turn on. Owned by the worker, which closes it in worker_stop(). NULL: the system
 * refused; errno says why.
 */
struct listener *listener_open(struct worker *worker, const struct listener_options *options);

/*
 * Is the address free? With a shared port the system would let another process's workers join ours. 0, or ERR_SYSTEM with
 * errno (EADDRINUSE).
 */
int listener_probe(const struct address *address);

/* Stop accepting. The memory goes in a later turn. */
void listener_close(struct listener *listener);

/* Where it listens, with the port the system chose. */
const struct address *listener_address(const struct listener *listener);

#endif
