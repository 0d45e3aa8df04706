/*
 * mem: allocation, in two kinds.
 *
 * `try`: the size depends on a peer; failure returns NULL and is handled. `must`: a small size of our own; failure is
 * loud and final. Tests make the n-th `try` fail.
 */
#ifndef SPECTATE_BASE_MEM_H
#define SPECTATE_BASE_MEM_H

#include <stddef.h>

/* Zeroed memory owned by the caller, freed with mem_free(); NULL when there is none. */
void *mem_try(size_t bytes);

/* Like realloc: on failure NULL, and `old` is untouched and still the caller's. What is gained is not zeroed. */
void *mem_try_resize(void *old, size_t bytes);

/* Zeroed memory owned by the caller; aborts when there is none. */
void *mem_must(size_t bytes);

/* NULL is fine. */
void mem_free(void *memory);

/* Give what the allocator keeps of freed memory back to the system, where it can be told to. Takes milliseconds. */
void mem_give_back(void);

/*
 * Tests: let `successes` further `try` calls of this thread succeed and fail the one after them, once. Negative: never
 * fail (the state at start).
 */
void mem_fail_after(long successes);

#endif
