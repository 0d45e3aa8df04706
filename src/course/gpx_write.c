#include "course/gpx_write.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/date_time.h"

#define DEGREE_E7 10000000

/* UTF-8 as it is, but for what has a meaning in XML and for what XML 1.0 has no way to say: section 2.2. */
static int append_escaped(struct span text, struct buf *out)
{
    int err = 0;
    for (size_t i = 0; err == 0 && i < text.len; i++) {
        uint8_t byte = text.data[i];
        if (byte == '<')
            err = buf_append_text(out, "&lt;");
        else if (byte == '&')
            err = buf_append_text(out, "&amp;");
        else if (byte == '>')
            err = buf_append_text(out, "&gt;");
        else if (byte < ' ' && byte != '\t' && byte != '\n')
            err = buf_append_text(out, "?");
        else
            err = buf_append(out, span_of(&byte, 1));
    }
    return err;
}

int gpx_write_begin(struct span name, struct buf *out)
{
    size_t len_before = out->len;
    int err = buf_append_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                                   "<gpx version=\"1.1\" creator=\"spectate\" "
                                   "xmlns=\"http://www.topografix.com/GPX/1/1\">\n"
                                   "<trk>\n<name>");
    if (err == 0)
        err = append_escaped(name, out);
    if (err == 0)
        err = buf_append_text(out, "</name>\n<trkseg>\n");
    if (err < 0)
        out->len = len_before;
    return err;
}

struct decimal_text {
    char text[16];
};

/* Hundreds of millions at most: never over the room. */
static struct decimal_text degrees(int32_t e7)
{
    struct decimal_text degrees;
    int64_t magnitude = e7 < 0 ? -(int64_t)e7 : e7;
    snprintf(degrees.text, sizeof degrees.text, "%s%" PRId64 ".%07" PRId64, e7 < 0 ? "-" : "",
             magnitude / DEGREE_E7, magnitude % DEGREE_E7);
    return degrees;
}

static struct decimal_text metres(int32_t cm)
{
    struct decimal_text metres;
    int64_t magnitude = cm < 0 ? -(int64_t)cm : cm;
    snprintf(metres.text, sizeof metres.text, "%s%" PRId64 ".%02" PRId64, cm < 0 ? "-" : "",
             magnitude / 100, magnitude % 100);
    return metres;
}

int gpx_write_point(const struct gpx_track_point *point, struct buf *out)
{
    char time[DATE_TIME_BYTES];
    int time_len = (int)(date_time_write(time, point->time_ms) - time);
    const char *before = point->has_ele ? "<ele>" : "";
    const char *after = point->has_ele ? "</ele>" : "";
    struct decimal_text ele = point->has_ele ? metres(point->ele_cm) : (struct decimal_text){""};
    return buf_printf(out, "<trkpt lat=\"%s\" lon=\"%s\">%s%s%s<time>%.*s</time></trkpt>\n",
                      degrees(point->lat_e7).text, degrees(point->lng_e7).text, before, ele.text,
                      after, time_len, time);
}

int gpx_write_end(struct buf *out)
{
    return buf_append_text(out, "</trkseg>\n</trk>\n</gpx>\n");
}
