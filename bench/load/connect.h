/*
 * connect: the first phase: all connections, at a rate, until each follows or has failed.
 */
#ifndef SPECTATE_BENCH_LOAD_CONNECT_H
#define SPECTATE_BENCH_LOAD_CONNECT_H

#include <stdbool.h>

struct load;

/* Followers that failed are excluded from the account, and those to be stalled stall. False when no follower is ready. */
bool connect_all(struct load *load);

#endif
