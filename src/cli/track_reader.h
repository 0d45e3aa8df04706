/*
 * track_reader: the positions of a file, one by one, whatever its form (cli/track_format.h).
 *
 * NDJSON and GPX are read piece by piece, in little memory; GeoJSON as a whole, up to a size. What can't be taken is told, with its
 * line where there is one, and the rest goes on; but of a GPX file that is broken in the middle nothing that comes after, and of a
 * GeoJSON file with a bad position nothing at all.
 */
#ifndef SPECTATE_CLI_TRACK_READER_H
#define SPECTATE_CLI_TRACK_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/track_format.h"
#include "proto/v1.h"

#define TRACK_READER_LINE_BYTES (1024 * 1024)
#define TRACK_READER_DOCUMENT_BYTES (64 * 1024 * 1024)

struct track_source {
    const char *path; /* borrowed; "-": standard input */
    enum track_format format;
    struct v1_user runner; /* of positions that name nobody; no id: these are refused */
};

struct track_events {
    /* In WGS 84, not at 0,0; perhaps with `time_is_arrival`. Borrowed. Negative ends the reading. */
    int (*on_position)(void *ctx, const struct position *position, uint64_t line);
    /* `line` 0: not known. The message is printable. */
    void (*on_fault)(void *ctx, uint64_t line, const char *message);
    /* So many bytes were read since the last call. */
    void (*on_bytes)(void *ctx, size_t bytes);
};

/*
 * The runner by the file's name: what is before ".gpx", with %41 for "A". False: that is no id.
 */
bool track_source_name_by_path(struct track_source *source);

/* 0; what on_position returned; ERR_NOT_FOUND: it can't be read, errno says why; ERR_NO_MEMORY. */
int track_reader_run(const struct track_source *source, const struct track_events *events,
                     void *ctx);

#endif
