/*
 * track_file: the track of a GPX file as something to play: its points with the time each is due. A file without a
 * track gives its routes. Read twice, a bite at a time: first to know what is in it, then to play it; so its size does
 * not matter.
 */
#ifndef SPECTATE_CLI_TRACK_FILE_H
#define SPECTATE_CLI_TRACK_FILE_H

#include <stdbool.h>
#include <stdint.h>

#define TRACK_FILE_ERROR_BYTES 512

struct track_file;

/* What is in it. */
struct track_facts {
    uint64_t points;
    uint64_t untimed; /* of these, without time */
    uint64_t skipped; /* left out for their coordinates */
    int64_t first_ms; /* the first time that there is; 0 when there is none */
    bool is_route;
};

struct track_point {
    double lat_deg;
    double lng_deg;
    uint64_t due_ms; /* from the first point */
};

/* Owned by the caller. NULL with `error` filled: unreadable, not GPX, no point in it. `path` is borrowed for its life. */
struct track_file *track_file_open(const char *path, char error[TRACK_FILE_ERROR_BYTES]);
void track_file_close(struct track_file **track);

struct track_facts track_file_facts(const struct track_file *track);

/* The next point. False: there is none any more, or the file was changed or cut off since it was opened. */
bool track_file_next(struct track_file *track, struct track_point *point);

#endif
