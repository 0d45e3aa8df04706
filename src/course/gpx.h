/*
 * gpx: the points of a GPX file, one by one as its bytes come, in constant memory.
 *
 * Strict about what could harm (entities, depth, size), lenient about what real exports do: version 1.0 and 1.1, any or
 * no namespace or prefix, a byte order mark, points without time, times out of order, decimals of any length, several
 * tracks and segments, foreign extensions. Points are handed on in file order as they are; what they mean is the
 * caller's decision. A point whose coordinates are missing, not numbers or off the globe is left out and counted.
 */
#ifndef SPECTATE_COURSE_GPX_H
#define SPECTATE_COURSE_GPX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct gpx_point {
    double lat_deg; /* the double nearest to the text */
    double lng_deg;
    double ele_m;
    int64_t time_ms; /* UTC since 1970 */
    uint32_t line;   /* where its element ends */
    uint32_t index;  /* of its track or route in the file, each counted from 0 */
    bool is_route;   /* of a <rte>, not of a <trk> */
    bool has_ele;
    bool has_time;
    bool
        begins_segment; /* the first of its <trkseg> or <rte>: don't draw or sum from the point before */
};

typedef void gpx_on_point(void *context, const struct gpx_point *point);

#define GPX_MAX_DEPTH 64
#define GPX_MAX_TOKEN_BYTES                                                                        \
    (256 * 1024) /* one tag, comment or the like; the parser holds it whole */
#define GPX_ERROR_BYTES 160

struct gpx_reader;

/* Owned by the caller. NULL without memory. `on_point` borrows the point until it returns. */
struct gpx_reader *gpx_reader_new(gpx_on_point *on_point, void *context);
void gpx_reader_free(struct gpx_reader **reader);

/*
 * Take the file's next bytes, as many or few as there are, calling on_point. 0 or ERR_FORMAT (not XML, not GPX, a
 * DOCTYPE or entity declaration), ERR_TOO_BIG (depth, token), ERR_NO_MEMORY. After an error it is spent.
 */
int gpx_read(struct gpx_reader *reader, struct span bytes);

/* The file ends here. 0, or as gpx_read(): it ended too early. */
int gpx_end(struct gpx_reader *reader);

/* After an error: "line 12: ...", printable. Borrowed from the reader. */
const char *gpx_error(const struct gpx_reader *reader);

/* Points left out so far for their coordinates. */
uint64_t gpx_skipped(const struct gpx_reader *reader);

#endif
