/*
 * fix_time: what to make of the time that a device gives for a position.
 *
 * Devices' clocks are wrong in known ways. Some seconds ahead is ordinary and counts as now. A GPS receiver that has missed a
 * week rollover is 1024 weeks behind, or twice that; some apps count from 2001 in place of 1970. Both are told by where they would
 * land: within the last week. What lies in the future otherwise, or before there were such devices, is refused: as the newest it
 * would hide every true position after it, and the publisher should know.
 *
 * For what comes from devices, not for recordings that are imported: these may be of any year.
 */
#ifndef SPECTATE_PROTO_FIX_TIME_H
#define SPECTATE_PROTO_FIX_TIME_H

#include <stdint.h>

#define FIX_TIME_AHEAD_MAX_MS 10000
#define FIX_TIME_FIRST_MS INT64_C(1104537600000) /* 2005-01-01 */

enum fix_time {
    FIX_TIME_TAKEN,     /* as it is */
    FIX_TIME_CLAMPED,   /* it is a little ahead: now */
    FIX_TIME_CORRECTED, /* a rollover or another epoch */
    FIX_TIME_REFUSED,   /* no time that can be right */
};

/* Both in milliseconds since 1970, UTC. `*time_ms` is the claim, and becomes what counts; untouched when refused. */
enum fix_time fix_time_judge(int64_t *time_ms, int64_t now_ms);

#endif
