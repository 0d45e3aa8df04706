/*
 * guard: a copy of bytes that ends at an unreadable page, so that reading one byte too many is a crash, also where no
 * sanitizer looks.
 */
#ifndef SPECTATE_TESTS_LIB_GUARD_H
#define SPECTATE_TESTS_LIB_GUARD_H

#include <stddef.h>
#include <stdint.h>

struct guard {
    uint8_t *data; /* len bytes, writable; data[len] can't be touched */
    size_t len;
    void *map; /* owned */
    size_t map_bytes;
};

/* Owned by the caller. Aborts when there is no memory. `bytes` may be NULL when len is 0. */
struct guard guard_copy(const void *bytes, size_t len);

void guard_fini(struct guard *guard);

#endif
