#include "cli/track_reader.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cli/gpx_file.h"
#include "proto/geojson.h"
#include "proto/v1_position.h"
#include "proto/v1_upload.h"

#define BLOCK_BYTES (64 * 1024)
#define LINE_TOO_LONG "the line is longer than a megabyte"

struct reading {
    const struct track_source *source;
    const struct track_events *events;
    void *ctx;
    FILE *file;
    struct v1_limits limits;
    struct v1_message message;
    struct buf text; /* read and not yet used */
    uint64_t line;   /* of what is being read, from 1; 0: not known */
};

static int show(struct reading *reading)
{
    int err = 0;
    for (size_t i = 0; i < reading->message.position_count && err >= 0; i++)
        err = reading->events->on_position(reading->ctx, &reading->message.positions[i],
                                           reading->line);
    return err < 0 ? err : 0;
}

static void tell_fault(const struct reading *reading, const char *message)
{
    reading->events->on_fault(reading->ctx, reading->line, message);
}

/* More of the file behind `text`. 1, 0 (it is over) or a failure. */
static int read_more(struct reading *reading)
{
    int err = buf_reserve(&reading->text, BLOCK_BYTES);
    if (err < 0)
        return err;
    size_t len = fread(reading->text.data + reading->text.len, 1, BLOCK_BYTES, reading->file);
    reading->text.len += len;
    reading->events->on_bytes(reading->ctx, len);
    if (len == 0 && ferror(reading->file))
        return ERR_NOT_FOUND;
    return len > 0;
}

/* --- lines ---------------------------------------------------------------------------------------------------------- */

static bool is_blank(struct span line)
{
    size_t at = 0;
    while (at < line.len &&
           (line.data[at] == ' ' || line.data[at] == '\t' || line.data[at] == '\r'))
        at++;
    return at == line.len;
}

static int refuse_line(const struct reading *reading, const char *message)
{
    tell_fault(reading, message);
    return 0;
}

static int read_line(struct reading *reading, struct span line)
{
    struct fault fault;
    reading->line++;
    if (is_blank(line))
        return 0;
    if (line.len > TRACK_READER_LINE_BYTES)
        return refuse_line(reading, LINE_TOO_LONG);
    int err = v1_decode_upload(line, &reading->limits, &reading->message, &fault);
    if (err == 0)
        return show(reading);
    return err == ERR_NO_MEMORY ? err : refuse_line(reading, fault.message);
}

/* All lines that are complete; with `is_end` also what is left. */
static int read_lines_of(struct reading *reading, bool is_end)
{
    struct span rest = buf_span(&reading->text);
    const uint8_t *end;
    int err = 0;
    while (err == 0 && rest.len > 0 && (end = memchr(rest.data, '\n', rest.len)) != NULL) {
        struct span line = span_of(rest.data, (size_t)(end - rest.data));
        rest = span_of(end + 1, rest.len - line.len - 1);
        err = read_line(reading, line);
    }
    if (err == 0 && is_end && rest.len > 0) {
        err = read_line(reading, rest);
        rest.len = 0;
    }
    buf_consume(&reading->text, reading->text.len - rest.len);
    return err;
}

static int read_lines(struct reading *reading)
{
    bool is_too_long = false;
    int more;
    while ((more = read_more(reading)) > 0) {
        if (is_too_long) { /* its rest still comes, and counts as its end */
            const uint8_t *end = memchr(reading->text.data, '\n', reading->text.len);
            is_too_long = end == NULL;
            buf_consume(&reading->text,
                        end != NULL ? (size_t)(end + 1 - reading->text.data) : reading->text.len);
        }
        int err = read_lines_of(reading, false);
        if (err < 0)
            return err;
        if (reading->text.len <= TRACK_READER_LINE_BYTES)
            continue;
        is_too_long = true;
        reading->line++;
        tell_fault(reading, LINE_TOO_LONG);
        reading->text.len = 0;
    }
    return more < 0 ? more : read_lines_of(reading, true);
}

/* --- a document ----------------------------------------------------------------------------------------------------- */

static int read_document(struct reading *reading)
{
    struct fault fault;
    int more;
    while ((more = read_more(reading)) > 0 && reading->text.len <= TRACK_READER_DOCUMENT_BYTES)
        continue;
    if (more < 0)
        return more;
    if (more > 0) {
        tell_fault(reading, "GeoJSON is taken up to 64 MiB: use NDJSON for more");
        return 0;
    }
    int err = geojson_decode(buf_span(&reading->text), &reading->limits, &reading->message, &fault);
    if (err == 0)
        return show(reading);
    if (err == ERR_NO_MEMORY)
        return err;
    tell_fault(reading, fault.message);
    return 0;
}

/* --- GPX ------------------------------------------------------------------------------------------------------------ */

static void set_altitude(struct position *position, double ele_m)
{
    double cm = round(ele_m * 100);
    if (!(cm >= POSITION_ALTITUDE_MIN_CM && cm <= POSITION_ALTITUDE_MAX_CM))
        return;
    position->detail.has |= POSITION_ALTITUDE;
    position->detail.altitude_cm = (int32_t)cm;
}

static int read_point(struct reading *reading, const struct gpx_point *point)
{
    struct position position = {
        .runner = reading->source->runner.id,
        .runner_is_number = reading->source->runner.is_number,
        .time_ms = point->time_ms,
        .time_is_arrival = !point->has_time,
    };
    struct fault fault;
    reading->line = point->line;
    if (v1_set_place(&position, point->lat_deg, point->lng_deg, "point", &fault) < 0) {
        tell_fault(reading, fault.message);
        return 0;
    }
    if (point->has_ele)
        set_altitude(&position, point->ele_m);
    return reading->events->on_position(reading->ctx, &position, reading->line);
}

static void tell_skipped(struct reading *reading, uint64_t count)
{
    reading->line = 0;
    for (uint64_t i = 0; i < count; i++)
        tell_fault(reading, "a point has no place on the globe");
}

static int read_gpx(struct reading *reading)
{
    struct gpx_file *file = gpx_file_open(reading->source->path);
    struct gpx_point point;
    uint64_t seen = 0;
    int err = 0;
    int more;
    if (file == NULL)
        return ERR_NOT_FOUND;
    while (err >= 0 && (more = gpx_file_next(file, &point)) > 0) {
        err = read_point(reading, &point);
        reading->events->on_bytes(reading->ctx, (size_t)(gpx_file_bytes(file) - seen));
        seen = gpx_file_bytes(file);
    }
    if (err >= 0) {
        tell_skipped(reading, gpx_file_skipped(file));
        if (more < 0)
            tell_fault(reading, gpx_file_error(file));
    }
    gpx_file_close(&file);
    return err < 0 ? err : 0;
}

/* --- any of them ---------------------------------------------------------------------------------------------------- */

static int read_file(struct reading *reading)
{
    const char *path = reading->source->path;
    reading->file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    if (reading->file == NULL)
        return ERR_NOT_FOUND;
    int err = reading->source->format == TRACK_FORMAT_NDJSON ? read_lines(reading)
                                                             : read_document(reading);
    int reason = errno;
    if (reading->file != stdin)
        fclose(reading->file);
    errno = reason;
    return err;
}

int track_reader_run(const struct track_source *source, const struct track_events *events,
                     void *ctx)
{
    struct reading reading = {
        .source = source,
        .events = events,
        .ctx = ctx,
        .limits = {.max_positions = TRACK_READER_DOCUMENT_BYTES,
                   .publishes = source->runner.id.len > 0 ? &source->runner : NULL},
    };
    int err = source->format == TRACK_FORMAT_GPX ? read_gpx(&reading) : read_file(&reading);
    v1_message_fini(&reading.message);
    buf_fini(&reading.text);
    return err;
}

/* --- whose ---------------------------------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c != '\0' ? strchr(digits, c >= 'A' && c <= 'F' ? c + ('a' - 'A') : c) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

bool track_source_name_by_path(struct track_source *source)
{
    const char *slash = strrchr(source->path, '/');
    const char *name = slash != NULL ? slash + 1 : source->path;
    const char *end = strrchr(name, '.');
    char text[RUNNER_ID_BYTES];
    size_t len = 0;
    if (end == NULL)
        return false;
    for (const char *at = name; at < end; at++) {
        bool is_escape =
            *at == '%' && end - at > 2 && hex_digit(at[1]) >= 0 && hex_digit(at[2]) >= 0;
        if (len == sizeof text)
            return false;
        text[len++] = is_escape ? (char)(hex_digit(at[1]) * 16 + hex_digit(at[2])) : *at;
        at += is_escape ? 2 : 0;
    }
    if (runner_id_set(&source->runner.id, span_of(text, len)) < 0)
        return false;
    source->runner.is_number = runner_id_is_integer(&source->runner.id);
    return true;
}
