/*
 * cache_control: for how long an HTTP answer says that it is good. Pure.
 */
#ifndef SPECTATE_AUTH_CACHE_CONTROL_H
#define SPECTATE_AUTH_CACHE_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

/*
 * Is the header line a Cache-Control that has a max-age (RFC 9111 section 5.2.2.1)? Then it is in `max_age_s`; one beyond 32 bits
 * is 2^31 (section 1.2.2). One that is malformed counts as none.
 */
bool cache_control_max_age(struct span line, uint64_t *max_age_s);

#endif
