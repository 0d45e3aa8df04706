/*
 * preface: what comes on a connection before its first byte proper, and belongs to whoever relayed it.
 *
 * Works on the bare descriptor, before a conn, and TLS on it, is made of it: exactly the preface's bytes are taken off it, so
 * that what follows is the connection's as if nothing had been before.
 *
 * Happy path: preface_open() -> on_bytes ... -> on_done -> on_closed. preface_close() may come at any time but in on_done;
 * on_closed always follows, later, and is the last event.
 */
#ifndef SPECTATE_NET_PREFACE_H
#define SPECTATE_NET_PREFACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/span.h"
#include "net/worker.h"

struct preface;

enum preface_verdict {
    PREFACE_MORE, /* all bytes are part of it, and it goes on */
    PREFACE_DONE,
    PREFACE_REFUSED, /* on_end follows */
};

enum preface_end { PREFACE_END_REFUSED, PREFACE_END_FIN, PREFACE_END_RESET };

struct preface_events {
    /* The next bytes, and how many of them are part of the preface. Borrowed. */
    enum preface_verdict (*on_bytes)(struct preface *preface, struct span bytes, size_t *taken);
    /* It is whole. The descriptor is the callee's; the preface closes by itself. */
    void (*on_done)(struct preface *preface, int fd);
    /* It will never be whole. At most once; the owner closes, now or later. */
    void (*on_end)(struct preface *preface, enum preface_end end);
    /* The memory around `preface` may be freed. */
    void (*on_closed)(struct preface *preface);
};

/* Embedded in its owner's struct. Private but for its size. */
struct preface {
    uv_poll_t poll;
    const struct preface_events *events;
    uint32_t magic;
    int fd; /* -1: not ours any more */
};

/* Take over a connected, non-blocking descriptor. 0, or ERR_SYSTEM: the descriptor is still the caller's. */
int preface_open(struct preface *preface, struct worker *worker, int fd,
                 const struct preface_events *events);

/* The descriptor too. */
void preface_close(struct preface *preface);

#endif
