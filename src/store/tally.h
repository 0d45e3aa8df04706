/*
 * tally: what the store has done and how it is, counted by its threads and read by any. Failures are logged: the first of a row
 * at once, then once a minute, and the end of it.
 */
#ifndef SPECTATE_STORE_TALLY_H
#define SPECTATE_STORE_TALLY_H

#include <stdatomic.h>

#include "store/store.h"

struct tally {
    _Atomic uint64_t stored;
    _Atomic uint64_t duplicates;
    _Atomic uint64_t passed_over;
    _Atomic uint64_t refused;
    _Atomic uint64_t erased;
    _Atomic uint64_t lost;
    _Atomic uint64_t commits;
    _Atomic uint64_t commit_us;
    _Atomic uint64_t failures;
    _Atomic int health;             /* enum store_health */
    _Atomic uint64_t next_log_ms;   /* of a failure; 0: at once */
    _Atomic uint64_t logged_before; /* `failures` when one was logged last */
};

static inline void tally_add(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

/* Something failed, by SQLite's `code` and text. Any thread. */
void tally_fail(struct tally *tally, int code, const char *what, const char *text);

/* A transaction of the writer's is on disk: all is well but for damage. */
void tally_succeed(struct tally *tally);

/* All but what the queue knows. */
struct store_stats tally_stats(const struct tally *tally);

#endif
