/*
 * key_schedule: when the keys of one issuer are fetched next. Pure: the time and the luck are arguments.
 *
 * The first fetch is due at once. After one that went well the next comes in time: after refresh_ms, or earlier when the
 * server's answer is good for less (but not under a minute: what is urgent is asked for). After one that failed: after 1 s, then
 * twice that and so on, up to a minute. Somebody who needs a key that isn't there asks, and gets a fetch at most every
 * min_interval_ms. Luck spreads the times, so that many servers don't fetch as one.
 */
#ifndef SPECTATE_AUTH_KEY_SCHEDULE_H
#define SPECTATE_AUTH_KEY_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#define KEY_SCHEDULE_FIRST_RETRY_MS 1000
#define KEY_SCHEDULE_LAST_RETRY_MS 60000
#define KEY_SCHEDULE_SHORTEST_AGE_MS 60000
#define KEY_SCHEDULE_NO_AGE UINT64_MAX

struct key_schedule_limits {
    uint64_t refresh_ms;
    uint64_t min_interval_ms;
};

struct key_schedule {
    struct key_schedule_limits limits;
    uint64_t due_ms;
    uint64_t begun_ms; /* when the last fetch began; 0: none has */
    unsigned failures; /* in a row */
    bool is_fetching;
};

struct key_schedule key_schedule_starting(struct key_schedule_limits limits, uint64_t now_ms);

/* How long until a fetch is to begin; 0: now, UINT64_MAX: one is under way. */
uint64_t key_schedule_wait_ms(const struct key_schedule *schedule, uint64_t now_ms);

/*
 * The keys are needed anew. How long until the fetch begins that answers it: 0 when one is under way, else at most
 * min_interval_ms.
 */
uint64_t key_schedule_ask(struct key_schedule *schedule, uint64_t now_ms);

void key_schedule_begin(struct key_schedule *schedule, uint64_t now_ms);

/* How it ended. `max_age_ms`: for how long the server says that its answer is good, KEY_SCHEDULE_NO_AGE when it does not. */
void key_schedule_succeed(struct key_schedule *schedule, uint64_t now_ms, uint64_t max_age_ms,
                          uint32_t luck);
void key_schedule_fail(struct key_schedule *schedule, uint64_t now_ms, uint32_t luck);

#endif
