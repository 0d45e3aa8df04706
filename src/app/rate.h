/*
 * rate: at most so many in a second, of which a second's worth may come at once. One number tells all: when the next would be
 * due, were all to come evenly spaced at the highest rate (the generic cell rate algorithm, ITU-T I.371). Any thread; no lock.
 */
#ifndef SPECTATE_APP_RATE_H
#define SPECTATE_APP_RATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* All zero at the start. */
struct rate {
    _Atomic uint64_t due_us;
};

/* The rate is a number a second; 0 or over a million: no limit. `now_ms` is monotonic. */

/* Nothing is used up (any more): it is as one that is new. */
bool rate_is_unused(const struct rate *rate, uint64_t now_ms);

/* No more may come now. */
bool rate_is_over(const struct rate *rate, uint64_t per_second, uint64_t now_ms);

/* One more came, whether it may or not. */
void rate_count(struct rate *rate, uint64_t per_second, uint64_t now_ms);

/* One more, if it may come now. */
bool rate_take(struct rate *rate, uint64_t per_second, uint64_t now_ms);

#endif
