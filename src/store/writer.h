/*
 * writer: the thread that writes. It takes what waits as a group, commits its positions as one transaction, tells their owners,
 * passes what was asked on to the readers, and runs what is to be changed.
 */
#ifndef SPECTATE_STORE_WRITER_H
#define SPECTATE_STORE_WRITER_H

#include "store/core.h"

/* Positions of a transaction: the more, the fewer pages are written for each; but all wait for its end. */
#define WRITER_GROUP_POSITIONS 65536

struct store_writer {
    struct core *core;
    struct db db;          /* not open at first, and after some failures */
    int log_pages;         /* in the log, as of the last commit */
    int folded_pages;      /* of these, when they were folded last */
    bool has_erased;       /* this change is to leave no trace in the log */
    bool owes_truncation;  /* one did, and a reader was in the way */
    unsigned owing_groups; /* since */
    bool has_number;       /* `number` is of `runner`; forgotten with the transaction */
    struct runner_id runner;
    int64_t number;
    uint64_t duplicates; /* of this transaction, as the next */
    uint64_t passed_over;
    uint64_t erased;
};

/* The thread; `context` is its struct core. Ends when the queue is closed and empty. */
void *writer_run(void *context);

/* The runner's number, made when it has none. 0 or a failure. */
int writer_number_runner(struct store_writer *writer, const struct runner_id *id, int64_t *number);

#endif
