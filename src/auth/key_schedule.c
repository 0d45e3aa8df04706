#include "auth/key_schedule.h"

#define MOST_DOUBLINGS 6 /* FIRST_RETRY_MS << 6 is over LAST_RETRY_MS */
#define SPREAD_PARTS 10  /* a refresh comes up to a tenth of its time early */

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* From 0 up to `range_ms`. */
static uint64_t share(uint64_t range_ms, uint32_t luck)
{
    return (uint64_t)((double)range_ms * ((double)luck / (double)UINT32_MAX));
}

struct key_schedule key_schedule_starting(struct key_schedule_limits limits, uint64_t now_ms)
{
    return (struct key_schedule){.limits = limits, .due_ms = now_ms};
}

uint64_t key_schedule_wait_ms(const struct key_schedule *schedule, uint64_t now_ms)
{
    if (schedule->is_fetching)
        return UINT64_MAX;
    return schedule->due_ms > now_ms ? schedule->due_ms - now_ms : 0;
}

uint64_t key_schedule_ask(struct key_schedule *schedule, uint64_t now_ms)
{
    if (schedule->is_fetching)
        return 0;
    uint64_t earliest_ms = now_ms;
    if (schedule->begun_ms > 0 && schedule->begun_ms + schedule->limits.min_interval_ms > now_ms)
        earliest_ms = schedule->begun_ms + schedule->limits.min_interval_ms;
    schedule->due_ms = least(schedule->due_ms, earliest_ms);
    return key_schedule_wait_ms(schedule, now_ms);
}

void key_schedule_begin(struct key_schedule *schedule, uint64_t now_ms)
{
    schedule->is_fetching = true;
    schedule->begun_ms = now_ms;
}

void key_schedule_succeed(struct key_schedule *schedule, uint64_t now_ms, uint64_t max_age_ms,
                          uint32_t luck)
{
    if (max_age_ms < KEY_SCHEDULE_SHORTEST_AGE_MS)
        max_age_ms = KEY_SCHEDULE_SHORTEST_AGE_MS;
    uint64_t in_ms = least(schedule->limits.refresh_ms, max_age_ms);
    schedule->is_fetching = false;
    schedule->failures = 0;
    schedule->due_ms = now_ms + in_ms - share(in_ms / SPREAD_PARTS, luck);
}

void key_schedule_fail(struct key_schedule *schedule, uint64_t now_ms, uint32_t luck)
{
    uint64_t limit_ms = least((uint64_t)KEY_SCHEDULE_FIRST_RETRY_MS << schedule->failures,
                              KEY_SCHEDULE_LAST_RETRY_MS);
    limit_ms = least(limit_ms, schedule->limits.refresh_ms);
    if (schedule->failures < MOST_DOUBLINGS)
        schedule->failures++;
    schedule->is_fetching = false;
    schedule->due_ms = now_ms + limit_ms - share(limit_ms / 2, luck);
}
