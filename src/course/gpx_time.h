/*
 * gpx_time: an xsd:dateTime, as GPX has it, to UTC milliseconds; without locale, time zone or C library calendar.
 *
 * Source: XML Schema Part 2, section 3.2.7. Years 0001 to 9999, as real exports hold times from 1970 to 7528. A
 * fraction of any length is cut to milliseconds, 24:00:00 is the next midnight, second 60 (a leap second) the next
 * minute, and a time without zone is UTC, as GPX says of all its times.
 */
#ifndef SPECTATE_COURSE_GPX_TIME_H
#define SPECTATE_COURSE_GPX_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

/*
 * "2026-05-01T09:00:00.123+02:00", white space around it allowed. False when it is anything else; `*time_ms` is then as
 * it was.
 */
bool gpx_time_parse(struct span text, int64_t *time_ms);

#endif
