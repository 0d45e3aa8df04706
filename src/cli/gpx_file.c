#include "cli/gpx_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"

#define BITE_BYTES 4096

struct gpx_file {
    FILE *stream;
    struct gpx_reader *reader; /* owned */
    const char *path;          /* borrowed */
    struct gpx_point *points;  /* owned; what the last bite completed */
    size_t count;
    size_t capacity;
    size_t at;
    uint64_t bytes; /* read so far */
    bool is_at_end;
    char error[GPX_ERROR_BYTES + 256];
};

/* How many one bite completes is the parser's business (it may hold back some bytes), but within GPX_MAX_TOKEN_BYTES. */
static void keep(void *context, const struct gpx_point *point)
{
    struct gpx_file *file = context;
    if (file->count == file->capacity) {
        file->capacity = file->capacity == 0 ? 64 : file->capacity * 2;
        file->points = mem_try_resize(file->points, file->capacity * sizeof *file->points);
        CHECK(file->points != NULL);
    }
    file->points[file->count++] = *point;
}

struct gpx_file *gpx_file_open(const char *path)
{
    FILE *stream = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    if (stream == NULL)
        return NULL;
    struct gpx_file *file = mem_must(sizeof *file);
    file->stream = stream;
    file->path = path;
    file->reader = gpx_reader_new(keep, file);
    CHECK(file->reader != NULL);
    return file;
}

void gpx_file_close(struct gpx_file **file)
{
    if (*file == NULL)
        return;
    gpx_reader_free(&(*file)->reader);
    mem_free((*file)->points);
    if ((*file)->stream != stdin)
        fclose((*file)->stream);
    mem_free(*file);
    *file = NULL;
}

static int fail(struct gpx_file *file, int err, const char *why)
{
    snprintf(file->error, sizeof file->error, "%s: %s", file->path, why);
    return err;
}

/* Read on until there are points or the file is over. */
static int take_bite(struct gpx_file *file)
{
    uint8_t bytes[BITE_BYTES];
    size_t len = fread(bytes, 1, sizeof bytes, file->stream);
    if (ferror(file->stream))
        return fail(file, ERR_SYSTEM, strerror(errno));
    file->is_at_end = len == 0;
    file->bytes += len;
    int err = file->is_at_end ? gpx_end(file->reader) : gpx_read(file->reader, span_of(bytes, len));
    return err < 0 ? fail(file, err, gpx_error(file->reader)) : 0;
}

int gpx_file_next(struct gpx_file *file, struct gpx_point *point)
{
    while (file->at == file->count && !file->is_at_end) {
        file->at = file->count = 0;
        int err = take_bite(file);
        if (err < 0)
            return err;
    }
    if (file->at == file->count)
        return 0;
    *point = file->points[file->at++];
    return 1;
}

const char *gpx_file_error(const struct gpx_file *file)
{
    return file->error;
}

uint64_t gpx_file_bytes(const struct gpx_file *file)
{
    return file->bytes;
}

uint64_t gpx_file_skipped(const struct gpx_file *file)
{
    return gpx_skipped(file->reader);
}
