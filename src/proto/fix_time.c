#include "proto/fix_time.h"

#include <stdbool.h>
#include <stddef.h>

#define DAY_MS INT64_C(86400000)
#define ROLLOVER_MS (1024 * 7 * DAY_MS)
#define FROM_2001_MS INT64_C(978307200000)
#define RECENT_MS (7 * DAY_MS)
#define OLD_MS (365 * DAY_MS)

static bool is_recent(int64_t time_ms, int64_t now_ms)
{
    return time_ms >= now_ms - RECENT_MS && time_ms <= now_ms + FIX_TIME_AHEAD_MAX_MS;
}

/* Times are far from where 64 bits wrap: INT64_MIN plus a shift is fine, and what is large is in the future. */
static bool correct(int64_t *time_ms, int64_t now_ms)
{
    static const int64_t shifts_ms[] = {ROLLOVER_MS, 2 * ROLLOVER_MS, FROM_2001_MS};
    for (size_t i = 0; i < sizeof shifts_ms / sizeof *shifts_ms; i++) {
        if (!is_recent(*time_ms + shifts_ms[i], now_ms))
            continue;
        *time_ms += shifts_ms[i];
        return true;
    }
    return false;
}

enum fix_time fix_time_judge(int64_t *time_ms, int64_t now_ms)
{
    if (*time_ms > now_ms + FIX_TIME_AHEAD_MAX_MS)
        return FIX_TIME_REFUSED;
    bool is_corrected = *time_ms < now_ms - OLD_MS && correct(time_ms, now_ms);
    if (*time_ms > now_ms) {
        *time_ms = now_ms;
        return is_corrected ? FIX_TIME_CORRECTED : FIX_TIME_CLAMPED;
    }
    if (is_corrected)
        return FIX_TIME_CORRECTED;
    return *time_ms >= FIX_TIME_FIRST_MS ? FIX_TIME_TAKEN : FIX_TIME_REFUSED;
}
