/*
 * random: a seeded generator for drawn scenarios: the same seed gives the same draw on every machine. Not for secrets.
 *
 * Source: xoshiro256** 1.0 and splitmix64 (Blackman, Vigna, "Scrambled linear pseudorandom number generators", 2021).
 */
#ifndef SPECTATE_CLI_RANDOM_H
#define SPECTATE_CLI_RANDOM_H

#include <stdint.h>

struct random {
    uint64_t state[4];
};

/* Streams of one seed are independent of each other. */
struct random random_seeded(uint64_t seed, uint64_t stream);

uint64_t random_bits(struct random *random);

/* 0 up to `bound`, which is over 0 and not reached. */
uint32_t random_below(struct random *random, uint32_t bound);

/* 0 up to 1, which is not reached. */
double random_unit(struct random *random);

/* Of the normal distribution with mean 0 and deviation 1. */
double random_normal(struct random *random);

#endif
