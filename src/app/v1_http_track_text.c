#include "app/v1_http_track_text.h"

#include "base/err.h"
#include "base/mem.h"
#include "course/gpx_write.h"
#include "course/simplify.h"
#include "proto/geojson.h"
#include "proto/id_json.h"
#include "proto/json_text.h"
#include "proto/v1_position.h"

const char *const track_format_names[TRACK_FORMATS] = {
    [TRACK_JSON] = "json",     [TRACK_GEOJSON] = "geojson",   [TRACK_GPX] = "gpx",
    [TRACK_NDJSON] = "ndjson", [TRACK_POLYLINE] = "polyline",
};

const char *const track_format_types[TRACK_FORMATS] = {
    [TRACK_JSON] = "application/json",
    [TRACK_GEOJSON] = "application/geo+json",
    [TRACK_GPX] = "application/gpx+xml",
    [TRACK_NDJSON] = "application/x-ndjson",
    [TRACK_POLYLINE] = "application/vnd.spectate.polyline+json",
};

/* --- simplification ------------------------------------------------------------------------------------------------- */

static int mark_kept(const struct position *positions, size_t count, double tolerance_m, bool *keep)
{
    struct simplify_point *points = mem_try(count * sizeof *points);
    if (points == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < count; i++)
        position_to_e7(&positions[i], &points[i].lat_e7, &points[i].lng_e7);
    int err = simplify(points, count, tolerance_m, keep);
    mem_free(points);
    return err;
}

static int simplify_positions(const struct track_text *text, struct position *positions,
                              size_t *count)
{
    if (text->tolerance_m <= 0 || *count < 3)
        return 0;
    bool *keep = mem_try(*count * sizeof *keep);
    int err = keep != NULL ? mark_kept(positions, *count, text->tolerance_m, keep) : ERR_NO_MEMORY;
    size_t kept = 0;
    for (size_t i = 0; err == 0 && i < *count; i++)
        if (keep[i])
            positions[kept++] = positions[i];
    if (err == 0)
        *count = kept;
    mem_free(keep);
    return err;
}

/* --- each format ---------------------------------------------------------------------------------------------------- */

struct user_text {
    char text[ID_JSON_BYTES + 1];
};

static struct user_text user_text(const struct v1_user *user)
{
    struct user_text text;
    *id_json_write(text.text, &user->id, user->is_number) = '\0';
    return text;
}

static int begin_json(struct track_text *text, struct span name, struct buf *out)
{
    (void)name;
    return buf_printf(out, "{\"userId\":%s,\"positions\":[", user_text(&text->user).text);
}

static int append_object(const struct position *position, const char *before, const char *behind,
                         struct buf *out)
{
    char json[V1_POSITION_BYTES + 8];
    char *end = json_text_raw(json, before);
    end = v1_write_position_members(json_text_raw(end, "{"), position);
    if (end == NULL)
        return 0;
    end = json_text_raw(json_text_raw(end, "}"), behind);
    return buf_append(out, span_of(json, (size_t)(end - json)));
}

static int add_json(struct track_text *text, const struct position *positions, size_t count,
                    struct buf *out)
{
    int err = 0;
    for (size_t i = 0; err == 0 && i < count; i++)
        err = append_object(&positions[i], text->has_some || i > 0 ? "," : "", "", out);
    return err;
}

static int end_json(struct track_text *text, struct buf *out)
{
    (void)text;
    return buf_append_text(out, "]}");
}

static int begin_ndjson(struct track_text *text, struct span name, struct buf *out)
{
    (void)text;
    (void)name;
    (void)out;
    return 0;
}

static int add_ndjson(struct track_text *text, const struct position *positions, size_t count,
                      struct buf *out)
{
    int err = 0;
    (void)text;
    for (size_t i = 0; err == 0 && i < count; i++)
        err = append_object(&positions[i], "", "\n", out);
    return err;
}

static int end_ndjson(struct track_text *text, struct buf *out)
{
    (void)text;
    (void)out;
    return 0;
}

static int begin_geojson(struct track_text *text, struct span name, struct buf *out)
{
    (void)text;
    (void)name;
    return buf_append_text(out, "{\"type\":\"FeatureCollection\",\"features\":[");
}

/* A line for each stretch, from where the one before ended. `positions` has room for one before the first. */
static int add_geojson(struct track_text *text, const struct position *positions, size_t count,
                       struct buf *out)
{
    if (!text->has_some)
        return geojson_encode_track(&text->user, positions, count, out);
    struct position *line = mem_try((count + 1) * sizeof *line);
    if (line == NULL)
        return ERR_NO_MEMORY;
    line[0] = text->last;
    memcpy(line + 1, positions, count * sizeof *line);
    int err = buf_append_text(out, ",");
    if (err == 0)
        err = geojson_encode_track(&text->user, line, count + 1, out);
    mem_free(line);
    return err;
}

static int begin_gpx(struct track_text *text, struct span name, struct buf *out)
{
    const struct runner_id *id = &text->user.id;
    return gpx_write_begin(name.len > 0 ? name : span_of(id->text, id->len), out);
}

static int add_gpx(struct track_text *text, const struct position *positions, size_t count,
                   struct buf *out)
{
    int err = 0;
    (void)text;
    for (size_t i = 0; err == 0 && i < count; i++) {
        struct gpx_track_point point = {
            .ele_cm = positions[i].detail.altitude_cm,
            .has_ele = (positions[i].detail.has & POSITION_ALTITUDE) != 0,
            .time_ms = positions[i].time_ms,
        };
        if (position_to_e7(&positions[i], &point.lat_e7, &point.lng_e7))
            err = gpx_write_point(&point, out);
    }
    return err;
}

static int end_gpx(struct track_text *text, struct buf *out)
{
    (void)text;
    return gpx_write_end(out);
}

static int begin_polyline(struct track_text *text, struct span name, struct buf *out)
{
    (void)name;
    return buf_printf(out, "{\"userId\":%s,\"precision\":%u,\"polyline\":\"",
                      user_text(&text->user).text, text->line.decimals);
}

/* Printable ASCII: of what JSON escapes there is only the backslash. */
static int append_doubling_backslashes(struct span line, struct buf *out)
{
    int err = 0;
    for (size_t i = 0; err == 0 && i < line.len; i++)
        err = line.data[i] == '\\' ? buf_append_text(out, "\\\\")
                                   : buf_append(out, span_of(line.data + i, 1));
    return err;
}

static int add_polyline(struct track_text *text, const struct position *positions, size_t count,
                        struct buf *out)
{
    struct buf line = {0};
    int err = 0;
    for (size_t i = 0; err == 0 && i < count; i++) {
        int32_t lat_e7;
        int32_t lng_e7;
        if (position_to_e7(&positions[i], &lat_e7, &lng_e7))
            err = polyline_append(&text->line, lat_e7, lng_e7, &line);
    }
    if (err == 0)
        err = append_doubling_backslashes(buf_span(&line), out);
    buf_fini(&line);
    return err;
}

static int end_polyline(struct track_text *text, struct buf *out)
{
    (void)text;
    return buf_append_text(out, "\"}");
}

static const struct {
    int (*begin)(struct track_text *text, struct span name, struct buf *out);
    int (*add)(struct track_text *text, const struct position *positions, size_t count,
               struct buf *out);
    int (*end)(struct track_text *text, struct buf *out);
} formats[TRACK_FORMATS] = {
    [TRACK_JSON] = {begin_json, add_json, end_json},
    [TRACK_GEOJSON] = {begin_geojson, add_geojson, end_json},
    [TRACK_GPX] = {begin_gpx, add_gpx, end_gpx},
    [TRACK_NDJSON] = {begin_ndjson, add_ndjson, end_ndjson},
    [TRACK_POLYLINE] = {begin_polyline, add_polyline, end_polyline},
};

/* --- all of them ---------------------------------------------------------------------------------------------------- */

int track_text_begin(struct track_text *text, struct span name, struct buf *out)
{
    return formats[text->format].begin(text, name, out);
}

int track_text_add(struct track_text *text, struct position *positions, size_t count,
                   struct buf *out)
{
    int err = simplify_positions(text, positions, &count);
    if (err < 0 || count == 0)
        return err;
    err = formats[text->format].add(text, positions, count, out);
    text->has_some = true;
    text->last = positions[count - 1];
    return err;
}

int track_text_end(struct track_text *text, struct buf *out)
{
    return formats[text->format].end(text, out);
}
