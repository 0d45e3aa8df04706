/*
 * bench: a program of named cases, each of which does one thing as often as it is told.
 *
 *   PROGRAM list               a line per case: name, rounds, what one operation is, what its peer is or "-"; tabs between
 *   PROGRAM run CASE ROUNDS    prepare, do so many rounds, print how many operations these were
 *   PROGRAM time CASE          print its time per operation divided by its peer's: of each the fastest of 15 runs, in turn
 *   PROGRAM check              every case and peer for a round, as TAP: that benches work, not how fast
 *
 * `run` is made for callgrind: N rounds and 2 N rounds differ by N rounds, and start-up cancels. For that nothing is left to
 * chance: bench_random() is seeded, and the key of the server's hash tables is the same in each run (bench.c).
 */
#ifndef SPECTATE_BENCH_LIB_BENCH_H
#define SPECTATE_BENCH_LIB_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include "proto/position.h"

struct bench_case {
    const char *name;      /* program.case */
    const char *operation; /* what is counted */
    uint64_t rounds;       /* for callgrind: some ten million instructions */

    /* Made from `shape`, owned by the program; lives from setup to teardown. */
    const void *shape;
    void *(*setup)(const void *shape);
    void (*teardown)(void *bench);

    /* Do so many rounds; returns how many operations these were. */
    uint64_t (*run)(void *bench, uint64_t rounds);

    /* The plain thing to compare time with, of the same unit; NULL: none. */
    const char *peer_name;
    uint64_t (*peer)(void *bench, uint64_t rounds);
};

/* What a program's main() does; returns its exit status. */
int bench_main(int argc, char **argv, const struct bench_case *cases, size_t count);

/* The compiler must believe that what `memory` points to is read and written here. */
static inline void bench_touch(const void *memory)
{
    __asm__ volatile("" : : "r"(memory) : "memory");
}

/* 0 up to `bound`, which is not reached; the same sequence in each run. `*state` is any number but 0 at first. */
uint32_t bench_random(uint64_t *state, uint32_t bound);

/* Position number `step` of runner number `runner` of a race: 7 decimals, as phones and recorders round. */
struct position bench_position(uint32_t runner, uint64_t step);

#endif
