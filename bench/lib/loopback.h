/*
 * loopback: one TCP connection within the process, whose other end a thread reads and throws away: what a send costs at least,
 * with a warm cache, no readiness to ask for and nothing to decide.
 */
#ifndef SPECTATE_BENCH_LIB_LOOPBACK_H
#define SPECTATE_BENCH_LIB_LOOPBACK_H

#include "base/span.h"

struct loopback;

/* Owned by the caller. Fails loudly. */
struct loopback *loopback_open(void);
void loopback_close(struct loopback *loopback);

/* One system call; waits while the socket is full. */
void loopback_send(struct loopback *loopback, struct span bytes);

#endif
