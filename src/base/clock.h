/*
 * clock: the only place that asks the system for the time. Everything pure takes the time as an argument.
 */
#ifndef SPECTATE_BASE_CLOCK_H
#define SPECTATE_BASE_CLOCK_H

#include <stdint.h>

/* Monotonic, from an arbitrary start; never steps. Any thread. */
uint64_t clock_monotonic_us(void);
uint64_t clock_monotonic_ms(void);

/* UTC since 1970-01-01; may step. Any thread. */
int64_t clock_wall_ms(void);
int64_t clock_wall_us(void);

#endif
