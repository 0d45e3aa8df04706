#include "cli/latency.h"

#include <math.h>

#define STEP_BITS 6

/* Below 64 us each has a bucket of its own; above, the six bits behind the leading one choose it. */
static unsigned bucket_of(uint64_t duration_us)
{
    if (duration_us < LATENCY_STEPS)
        return (unsigned)duration_us;
    unsigned doublings = 63U - (unsigned)__builtin_clzll(duration_us) - STEP_BITS;
    return doublings * LATENCY_STEPS + (unsigned)(duration_us >> doublings);
}

static uint64_t bucket_end_us(unsigned bucket)
{
    if (bucket < LATENCY_STEPS)
        return bucket;
    unsigned doublings = bucket / LATENCY_STEPS - 1;
    uint64_t step = LATENCY_STEPS + bucket % LATENCY_STEPS;
    return ((step + 1) << doublings) -
           1; /* the last bucket's end wraps to the largest number, as it should */
}

void latency_add(struct latency *latency, uint64_t duration_us)
{
    latency->counts[bucket_of(duration_us)]++;
    latency->total++;
    if (duration_us > latency->max_us)
        latency->max_us = duration_us;
}

uint64_t latency_quantile_us(const struct latency *latency, double quantile)
{
    uint64_t wanted = (uint64_t)ceil(quantile * (double)latency->total);
    uint64_t passed = 0;
    for (unsigned i = 0; i < LATENCY_BUCKETS && latency->total > 0; i++) {
        passed += latency->counts[i];
        if (passed >= wanted && passed > 0)
            return bucket_end_us(i) < latency->max_us ? bucket_end_us(i) : latency->max_us;
    }
    return latency->max_us;
}
