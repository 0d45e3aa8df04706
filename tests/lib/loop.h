/*
 * loop: a real worker turned by hand, with a connection on one end of a socketpair and a plain descriptor on the other.
 *
 * Tests wait for conditions: run_until() turns the loop until one holds, for a bounded number of turns.
 */
#ifndef SPECTATE_TESTS_LIB_LOOP_H
#define SPECTATE_TESTS_LIB_LOOP_H

#include <stdbool.h>

#include "base/buf.h"
#include "net/conn.h"
#include "net/worker.h"

/* What a connection told its owner. */
struct heard {
    struct conn conn; /* first: heard_of() */
    struct buf bytes;
    int opens;
    int writables;
    int ends;
    int closes;
    int fails;
    enum conn_end end;
    enum tls_failure failure;
    char reason[160];
    void (*in_bytes)(struct heard *heard); /* may be NULL: done inside the event */
    void (*in_writable)(struct heard *heard);
    void (*in_end)(struct heard *heard);
    void (*in_open)(struct heard *heard);
    void (*in_fail)(struct heard *heard);
};

struct loop {
    struct worker *worker;
    int turns;
    int ticks;
    int mails;
    bool has_more; /* what on_turn answers */
};

struct loop *loop_new(void);
struct loop *loop_new_with(size_t handshakes_per_second);

/* Close all that is left and check that nothing remains. */
void loop_free(struct loop **loop);

/* One turn, waiting for nothing. */
void loop_turn(struct loop *loop);

/* Turn until `condition(context)`; fails the test after `max_turns`. Sleeps up to a tick (5 ms) in a turn without news. */
void loop_run_until(struct loop *loop, bool (*condition)(void *context), void *context,
                    int max_turns);

/* A connection on one end of a socketpair; the other end, non-blocking, is returned. */
int heard_open(struct heard *heard, struct loop *loop);

/* Close it, wait for on_closed, free what was heard. */
void heard_close(struct heard *heard, struct loop *loop);

extern const struct conn_events heard_events;

bool heard_is_open(void *heard);
bool heard_has_failed(void *heard);
bool heard_has_ended(void *heard);
bool heard_is_writable(void *heard);
bool heard_is_closed(void *heard);

#endif
