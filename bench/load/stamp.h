/*
 * stamp: a position whose coordinates say which it is and when it was sent.
 *
 * Both are whole numbers of 1e-7 degrees, over one degree: servers that keep coordinates as doubles or in that grid pass
 * them on unchanged, and none has a reason to write an exponent.
 */
#ifndef SPECTATE_BENCH_LOAD_STAMP_H
#define SPECTATE_BENCH_LOAD_STAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

#define STAMP_TEXT_BYTES 80
#define STAMP_CLOCK_US 800000000u /* sent_us begins anew at this: longer than any run */

struct stamp {
    uint32_t runner;
    uint32_t sequence; /* of this runner's positions, from 1 to 4e9 */
    uint32_t sent_us;  /* below STAMP_CLOCK_US */
};

uint32_t stamp_clock(uint64_t now_us);

/* Between the stamp and now, at most STAMP_CLOCK_US. */
uint32_t stamp_age_us(uint32_t sent_us, uint64_t now_us);

/* The position as JSON, in `text`. */
struct span stamp_write(struct stamp stamp, char text[STAMP_TEXT_BYTES]);

/* Of a position in JSON, whatever the order of its members. False: there is none, or its coordinates are of no stamp. */
bool stamp_read(struct span text, struct stamp *stamp);

#endif
