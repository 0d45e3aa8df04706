#include "app/rate.h"

#define SECOND_US 1000000

static uint64_t interval_us(uint64_t per_second)
{
    return per_second > 0 ? SECOND_US / per_second : 0;
}

static bool is_early(uint64_t due_us, uint64_t now_us, uint64_t interval)
{
    return due_us > now_us + SECOND_US - interval;
}

static uint64_t next_due_us(uint64_t due_us, uint64_t now_us, uint64_t interval)
{
    return (due_us > now_us ? due_us : now_us) + interval;
}

bool rate_is_unused(const struct rate *rate, uint64_t now_ms)
{
    return atomic_load(&rate->due_us) <= now_ms * 1000;
}

bool rate_is_over(const struct rate *rate, uint64_t per_second, uint64_t now_ms)
{
    uint64_t interval = interval_us(per_second);
    return interval > 0 && is_early(atomic_load(&rate->due_us), now_ms * 1000, interval);
}

void rate_count(struct rate *rate, uint64_t per_second, uint64_t now_ms)
{
    uint64_t interval = interval_us(per_second);
    uint64_t due_us = atomic_load(&rate->due_us);
    if (interval == 0)
        return;
    while (!atomic_compare_exchange_weak(&rate->due_us, &due_us,
                                         next_due_us(due_us, now_ms * 1000, interval)))
        continue;
}

bool rate_take(struct rate *rate, uint64_t per_second, uint64_t now_ms)
{
    uint64_t interval = interval_us(per_second);
    uint64_t due_us = atomic_load(&rate->due_us);
    if (interval == 0)
        return true;
    do {
        if (is_early(due_us, now_ms * 1000, interval))
            return false;
    } while (!atomic_compare_exchange_weak(&rate->due_us, &due_us,
                                           next_due_us(due_us, now_ms * 1000, interval)));
    return true;
}
