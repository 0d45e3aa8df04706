/*
 * polyline: a line as Google's encoded polyline, which maps draw without any library: 5 decimals, or 6 as OSRM and Valhalla have it.
 *
 * Source: "Encoded Polyline Algorithm Format", developers.google.com/maps/documentation/utilities/polylinealgorithm. Its characters
 * are "?" to "~": printable ASCII, a backslash among them, so in JSON it is written with json_text_string().
 */
#ifndef SPECTATE_PROTO_POLYLINE_H
#define SPECTATE_PROTO_POLYLINE_H

#include <stdint.h>

#include "base/buf.h"

#define POLYLINE_POINT_BYTES 14 /* the longest that a point gets */

/* A line being written: each point is told by its way from the one before. */
struct polyline {
    unsigned decimals; /* 5 or 6 */
    int64_t lat;       /* of the last point, in units of 10^-decimals of a degree; 0 at first */
    int64_t lng;
};

/* Append the next point, in 10^-7 of a degree within WGS 84. 0; ERR_NO_MEMORY: neither `out` nor the line has changed. */
int polyline_append(struct polyline *line, int32_t lat_e7, int32_t lng_e7, struct buf *out);

#endif
