#include "cli/backoff.h"

#define MOST_DOUBLINGS 6 /* 500 ms << 6 is over the limit */

struct backoff backoff_seeded(uint64_t seed)
{
    return (struct backoff){.random = random_seeded(seed, 0)};
}

uint64_t backoff_next_ms(struct backoff *backoff)
{
    uint32_t limit_ms = (uint32_t)BACKOFF_FIRST_MS << backoff->failures;
    if (limit_ms > BACKOFF_MOST_MS)
        limit_ms = BACKOFF_MOST_MS;
    if (backoff->failures < MOST_DOUBLINGS)
        backoff->failures++;
    return random_below(&backoff->random, limit_ms + 1);
}

void backoff_reset(struct backoff *backoff)
{
    backoff->failures = 0;
}
