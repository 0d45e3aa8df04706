/*
 * backoff: how long to wait before the next attempt: twice as long at most after each failure, and anywhere below that,
 * so that many clients who lost one server don't come back as one.
 *
 * Source: "full jitter", Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
 */
#ifndef SPECTATE_CLI_BACKOFF_H
#define SPECTATE_CLI_BACKOFF_H

#include <stdint.h>

#include "cli/random.h"

#define BACKOFF_FIRST_MS 500
#define BACKOFF_MOST_MS 20000

struct backoff {
    struct random random;
    unsigned failures;
};

struct backoff backoff_seeded(uint64_t seed);

/* After a failure: 0 up to BACKOFF_FIRST_MS, then up to twice that and so on, never over BACKOFF_MOST_MS. */
uint64_t backoff_next_ms(struct backoff *backoff);

/* It worked. */
void backoff_reset(struct backoff *backoff);

#endif
