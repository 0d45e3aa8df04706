/*
 * v1_http_track_text: a track as text, stretch by stretch, so that a long one is never in memory as a whole. The same positions in the
 * same stretches are the same bytes.
 */
#ifndef SPECTATE_APP_V1_HTTP_TRACK_TEXT_H
#define SPECTATE_APP_V1_HTTP_TRACK_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/span.h"
#include "proto/polyline.h"
#include "proto/position.h"
#include "proto/v1.h"

enum track_format { TRACK_JSON, TRACK_GEOJSON, TRACK_GPX, TRACK_NDJSON, TRACK_POLYLINE };
#define TRACK_FORMATS 5

/* "json", and the media type; of each format. */
extern const char *const track_format_names[TRACK_FORMATS];
extern const char *const track_format_types[TRACK_FORMATS];

/* Set the first four; the rest is all zero at first. */
struct track_text {
    enum track_format format;
    struct v1_user user;
    double tolerance_m;   /* 0: every position */
    struct polyline line; /* its decimals */
    bool has_some;
    struct position last; /* a line of GeoJSON goes on from it */
};

/*
 * Append the beginning (a GPX track has this name), the next positions, oldest first, and the end. The positions lie in WGS 84 and are
 * changed: those that a tolerance leaves out are gone. Each stretch is simplified for itself. 0 or ERR_NO_MEMORY.
 */
int track_text_begin(struct track_text *text, struct span name, struct buf *out);
int track_text_add(struct track_text *text, struct position *positions, size_t count,
                   struct buf *out);
int track_text_end(struct track_text *text, struct buf *out);

#endif
