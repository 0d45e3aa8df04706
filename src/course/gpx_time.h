/*
 * gpx_time: a time as GPX has it, an xsd:dateTime (base/date_time.h), which real exports pad with white space and write without a
 * zone: GPX says that all its times are UTC.
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
