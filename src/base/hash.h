/*
 * hash: SipHash-1-3 under a key drawn once per process, for tables whose keys peers choose.
 *
 * Source: Aumasson, Bernstein, "SipHash: a fast short-input PRF" (INDOCRYPT 2012); 1 round per word and 3 at the end, as in
 * the Linux kernel and in Rust's tables: enough against flooding when the hash itself is never shown.
 */
#ifndef SPECTATE_BASE_HASH_H
#define SPECTATE_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_key {
    uint64_t k0;
    uint64_t k1;
};

/* A key from the system's random source. Aborts when there is none. */
struct hash_key hash_key_random(void);

uint64_t hash_bytes(struct hash_key key, const void *bytes, size_t len);

/* hash_bytes() under the process's own key, for uthash's HASH_FUNCTION. Any thread. */
uint32_t hash_for_table(const void *bytes, size_t len);

#endif
