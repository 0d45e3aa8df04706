/*
 * sequence: a fingerprint of a row of positions, so that what was sent and what arrived can be compared in constant
 * memory: the same count and the same mix mean the same positions in the same order.
 */
#ifndef SPECTATE_CLI_SEQUENCE_H
#define SPECTATE_CLI_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

/* All zero when empty. */
struct sequence {
    uint64_t count;
    uint64_t mix;
};

void sequence_add(struct sequence *sequence, double lat_deg, double lng_deg);
bool sequence_equals(struct sequence a, struct sequence b);

#endif
