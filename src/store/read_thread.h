/*
 * read_thread: a thread that runs what was asked, each in one read transaction.
 */
#ifndef SPECTATE_STORE_READ_THREAD_H
#define SPECTATE_STORE_READ_THREAD_H

#include "store/core.h"

struct store_reader {
    struct core *core;
    struct db db; /* not open at first, and after some failures */
};

/* The thread; `core` is its struct core. Ends when the queue of what was asked is closed and empty. */
void *read_thread_run(void *core);

#endif
