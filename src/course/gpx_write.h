/*
 * gpx_write: a track as GPX 1.1, point by point, so that a long one need not be in memory.
 *
 * What is written is read by course/gpx.h as the same, and two tracks of the same points are the same bytes. Each function
 * appends to `out`: 0, or ERR_NO_MEMORY with `out` as it was.
 */
#ifndef SPECTATE_COURSE_GPX_WRITE_H
#define SPECTATE_COURSE_GPX_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

struct gpx_track_point {
    int32_t lat_e7; /* 10^-7 of a degree, WGS 84 */
    int32_t lng_e7;
    int32_t ele_cm;
    bool has_ele;
    int64_t time_ms; /* UTC since 1970 */
};

/* The file's and the track's beginning. `name` is UTF-8; characters that XML can't hold become "?". */
int gpx_write_begin(struct span name, struct buf *out);

int gpx_write_point(const struct gpx_track_point *point, struct buf *out);

int gpx_write_end(struct buf *out);

#endif
