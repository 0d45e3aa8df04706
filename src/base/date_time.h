/*
 * date_time: dates with times of day to UTC milliseconds since 1970, and back; without locale, time zone or C library calendar.
 *
 * Years 0001 to 9999 of the Gregorian calendar. A fraction of any length is cut to milliseconds, and second 60 (a leap second) is
 * the next minute.
 */
#ifndef SPECTATE_BASE_DATE_TIME_H
#define SPECTATE_BASE_DATE_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

enum date_time_form {
    DATE_TIME_RFC3339, /* section 5.6, date-time: with a zone; "T" and "Z" also as small letters */
    DATE_TIME_XSD, /* XML Schema Part 2, section 3.2.7: also without a zone, which is UTC here, and 24:00:00, the next midnight */
};

/* "2026-05-01T09:00:00.123+02:00". False when it is anything else; `*time_ms` is then as it was. Any bytes. */
bool date_time_parse(struct span text, enum date_time_form form, int64_t *time_ms);

#define DATE_TIME_FIRST_MS INT64_C(-62135596800000) /* 0001-01-01T00:00:00Z */
#define DATE_TIME_LAST_MS INT64_C(253402300799999)  /* 9999-12-31T23:59:59.999Z */
#define DATE_TIME_BYTES 24

/*
 * Write "2026-05-01T09:00:00.123Z", without the fraction when that is 0: good for both forms. Returns the end, at most DATE_TIME_BYTES
 * on; no NUL. What lies outside those years is written as the first or last of them.
 */
char *date_time_write(char *to, int64_t time_ms);

#endif
