/*
 * latency: a histogram of durations with 64 steps per doubling: any quantile within 1.6 %, in constant memory.
 */
#ifndef SPECTATE_CLI_LATENCY_H
#define SPECTATE_CLI_LATENCY_H

#include <stdint.h>

#define LATENCY_STEPS 64
#define LATENCY_BUCKETS ((64 - 6 + 1) * LATENCY_STEPS)

/* All zero when empty. */
struct latency {
    uint64_t counts[LATENCY_BUCKETS];
    uint64_t total;
    uint64_t max_us;
};

void latency_add(struct latency *latency, uint64_t duration_us);

/*
 * The duration that `quantile` (over 0 to 1) of all are not above: the upper end of its step, at most the maximum. 0 when
 * there is none.
 */
uint64_t latency_quantile_us(const struct latency *latency, double quantile);

#endif
