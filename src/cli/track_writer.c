#include "cli/track_writer.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/exit_code.h"
#include "course/gpx_write.h"
#include "proto/geojson.h"
#include "proto/v1_position.h"

#define FILE_NAME_BYTES (3 * RUNNER_ID_BYTES + sizeof ".gpx")
#define PATH_BYTES 4096

/* --- files ---------------------------------------------------------------------------------------------------------- */

static int fail(const struct track_writer *writer, const char *path, const char *why)
{
    fprintf(stderr, "%s: %s: %s\n", writer->command, path != NULL ? path : "standard output", why);
    return EXIT_CODE_FAILED;
}

static int open_file(struct track_writer *writer, const char *path)
{
    writer->file = path != NULL ? fopen(path, "wb") : stdout;
    return writer->file != NULL ? EXIT_CODE_OK : fail(writer, path, strerror(errno));
}

static int close_file(struct track_writer *writer)
{
    FILE *file = writer->file;
    writer->file = NULL;
    if (file == NULL || (file == stdout ? fflush(file) : fclose(file)) == 0)
        return EXIT_CODE_OK;
    return fail(writer, writer->path, strerror(errno));
}

/* Letters, digits, "-", "_" and "." but at its beginning; the rest as %XX: no id leads out of the folder. */
static void name_file(const struct runner_id *runner, char name[FILE_NAME_BYTES])
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    char *to = name;
    for (size_t i = 0; i < runner->len; i++) {
        char c = runner->text[i];
        bool is_plain = c != '\0' && strchr(plain, c) != NULL && (c != '.' || i > 0);
        if (is_plain)
            *to++ = c;
        else
            to += snprintf(to, 4, "%%%02X", (unsigned)(unsigned char)c);
    }
    memcpy(to, ".gpx", sizeof ".gpx");
}

static int open_in_folder(struct track_writer *writer, const struct runner_id *runner)
{
    char name[FILE_NAME_BYTES];
    char path[PATH_BYTES];
    name_file(runner, name);
    if (snprintf(path, sizeof path, "%s/%s", writer->path, name) >= (int)sizeof path)
        return fail(writer, writer->path, "the name is too long");
    return open_file(writer, path);
}

/* --- forms ---------------------------------------------------------------------------------------------------------- */

static int add_ndjson(struct track_writer *writer, const struct position *position)
{
    char line[V1_POSITION_BYTES + sizeof "{}\n"];
    char *end = json_text_raw(line, "{");
    end = v1_write_position_members(end, position);
    if (end == NULL)
        return 0;
    end = json_text_raw(end, "}\n");
    return buf_append(&writer->text, span_of(line, (size_t)(end - line)));
}

/* A feature a line, so that it can be looked at and compared. */
static int add_geojson(struct track_writer *writer, const struct position *position)
{
    int err = buf_append_text(&writer->text, writer->positions > 0 ? ",\n" : "\n");
    return err == 0 ? geojson_encode_position(position, &writer->text) : err;
}

static int add_gpx(struct track_writer *writer, const struct position *position)
{
    struct gpx_track_point point = {
        .ele_cm = position->detail.altitude_cm,
        .has_ele = (position->detail.has & POSITION_ALTITUDE) != 0,
        .time_ms = position->time_ms,
    };
    if (!position_to_e7(position, &point.lat_e7, &point.lng_e7))
        return 0;
    return gpx_write_point(&point, &writer->text);
}

/* --- in order ------------------------------------------------------------------------------------------------------- */

static bool is_folder(const char *path)
{
    struct stat found;
    return path != NULL && stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

int track_writer_open(struct track_writer *writer, const char *command, const char *path,
                      enum track_format format)
{
    *writer = (struct track_writer){.command = command, .path = path, .format = format};
    writer->is_folder = format == TRACK_FORMAT_GPX && is_folder(path);
    if (writer->is_folder)
        return EXIT_CODE_OK;
    int status = open_file(writer, path);
    if (status == EXIT_CODE_OK && format == TRACK_FORMAT_GEOJSON &&
        buf_append_text(&writer->text, "{\"type\":\"FeatureCollection\",\"features\":[") < 0)
        return fail(writer, path, err_text(ERR_NO_MEMORY));
    return status;
}

bool track_writer_takes_many(const struct track_writer *writer)
{
    return writer->is_folder || writer->format != TRACK_FORMAT_GPX;
}

int track_writer_begin(struct track_writer *writer, const struct runner_id *runner,
                       struct span name)
{
    struct span id = span_of(runner->text, runner->len);
    if (writer->format != TRACK_FORMAT_GPX)
        return EXIT_CODE_OK;
    int status = writer->is_folder ? open_in_folder(writer, runner) : EXIT_CODE_OK;
    if (status == EXIT_CODE_OK && gpx_write_begin(name.len > 0 ? name : id, &writer->text) < 0)
        return fail(writer, writer->path, err_text(ERR_NO_MEMORY));
    return status;
}

int track_writer_add(struct track_writer *writer, const struct position *position)
{
    static int (*const adders[])(struct track_writer *, const struct position *) = {
        [TRACK_FORMAT_NDJSON] = add_ndjson,
        [TRACK_FORMAT_GEOJSON] = add_geojson,
        [TRACK_FORMAT_GPX] = add_gpx,
    };
    int err = adders[writer->format](writer, position);
    writer->positions += err == 0;
    return err;
}

int track_writer_flush(struct track_writer *writer)
{
    size_t len = writer->text.len;
    if (len > 0 && fwrite(writer->text.data, 1, len, writer->file) != len)
        return fail(writer, writer->path, strerror(errno));
    writer->text.len = 0;
    return EXIT_CODE_OK;
}

static int finish(struct track_writer *writer, const char *end)
{
    if (buf_append_text(&writer->text, end) < 0)
        return fail(writer, writer->path, err_text(ERR_NO_MEMORY));
    return track_writer_flush(writer);
}

int track_writer_end(struct track_writer *writer)
{
    if (writer->format != TRACK_FORMAT_GPX)
        return EXIT_CODE_OK;
    if (gpx_write_end(&writer->text) < 0)
        return fail(writer, writer->path, err_text(ERR_NO_MEMORY));
    int status = track_writer_flush(writer);
    return status == EXIT_CODE_OK && writer->is_folder ? close_file(writer) : status;
}

int track_writer_close(struct track_writer *writer, int status)
{
    if (status == EXIT_CODE_OK && writer->format == TRACK_FORMAT_GEOJSON)
        status = finish(writer, writer->positions > 0 ? "\n]}\n" : "]}\n");
    int closed = close_file(writer);
    buf_fini(&writer->text);
    if (status == EXIT_CODE_FAILED)
        fail(writer, writer->path, "not all was written");
    return status != EXIT_CODE_OK ? status : closed;
}
