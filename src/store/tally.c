#include "store/tally.h"

#include <inttypes.h>
#include <sqlite3.h>

#include "base/clock.h"
#include "base/log.h"

#define LOG_EVERY_MS 60000

static enum store_health health_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_FULL:
        return STORE_DISK_FULL;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return STORE_BUSY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return STORE_DAMAGED;
    default:
        return STORE_DISK_BROKEN;
    }
}

/* Damage stays damage. */
static bool set_health(struct tally *tally, enum store_health health)
{
    int before = atomic_load(&tally->health);
    while (before != STORE_DAMAGED && before != (int)health)
        if (atomic_compare_exchange_weak(&tally->health, &before, (int)health))
            return true;
    return false;
}

static void log_failure(struct tally *tally, uint64_t failures, const char *what, const char *text)
{
    uint64_t before = atomic_exchange(&tally->logged_before, failures);
    LOG(LOG_ERROR, "store.failed", NO_SESSION, "%s: %s (%" PRIu64 " failures since the last line)",
        what, text, failures - before);
}

void tally_fail(struct tally *tally, int code, const char *what, const char *text)
{
    uint64_t failures = atomic_fetch_add(&tally->failures, 1) + 1;
    bool is_news = set_health(tally, health_of(code));
    uint64_t now_ms = clock_monotonic_ms();
    uint64_t next_ms = atomic_load(&tally->next_log_ms);
    if (!is_news && now_ms < next_ms)
        return;
    if (atomic_compare_exchange_strong(&tally->next_log_ms, &next_ms, now_ms + LOG_EVERY_MS))
        log_failure(tally, failures, what, text);
}

void tally_succeed(struct tally *tally)
{
    if (atomic_load_explicit(&tally->health, memory_order_relaxed) == STORE_WELL)
        return;
    if (set_health(tally, STORE_WELL))
        LOG(LOG_INFO, "store.works_again", NO_SESSION, "positions are stored again");
}

struct store_stats tally_stats(const struct tally *tally)
{
    return (struct store_stats){
        .health = (enum store_health)atomic_load(&tally->health),
        .stored = atomic_load(&tally->stored),
        .duplicates = atomic_load(&tally->duplicates),
        .passed_over = atomic_load(&tally->passed_over),
        .refused = atomic_load(&tally->refused),
        .erased = atomic_load(&tally->erased),
        .lost = atomic_load(&tally->lost),
        .commits = atomic_load(&tally->commits),
        .commit_us = atomic_load(&tally->commit_us),
        .failures = atomic_load(&tally->failures),
    };
}
