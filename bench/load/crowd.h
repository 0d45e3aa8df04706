/*
 * crowd: who follows whom. Followers and runners are numbered from 0.
 */
#ifndef SPECTATE_BENCH_LOAD_CROWD_H
#define SPECTATE_BENCH_LOAD_CROWD_H

#include <stdint.h>

#include "bench/load/options.h"

struct crowd {
    uint32_t followers;
    uint32_t runners;
    uint32_t follow; /* how many each follows */
    uint32_t *sets;  /* owned: of each follower in turn, ascending */
};

/* Owned by the caller. NULL when options->draw is none that is known. */
struct crowd *crowd_new(const struct load_options *options);
void crowd_free(struct crowd **crowd);

static inline const uint32_t *crowd_set(const struct crowd *crowd, uint32_t follower)
{
    return crowd->sets + (uint64_t)follower * crowd->follow;
}

/* Where the runner stands in the follower's set; crowd->follow when it does not. */
uint32_t crowd_find(const struct crowd *crowd, uint32_t follower, uint32_t runner);

#endif
