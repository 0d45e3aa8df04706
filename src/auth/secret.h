/*
 * secret: shared secrets, compared without telling by the time it takes how much of a guess is right.
 */
#ifndef SPECTATE_AUTH_SECRET_H
#define SPECTATE_AUTH_SECRET_H

#include <stdbool.h>

#include "base/span.h"

#define SECRET_BYTES_MIN 32

/* The contents of a secret's file without one newline at the end, which editors leave there. */
struct span secret_trim(struct span contents);

/* The time it takes depends on the lengths alone. Any thread. */
bool secret_equals(struct span secret, struct span guess);

#endif
