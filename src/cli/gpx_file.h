/*
 * gpx_file: the points of a GPX file on disk, taken one at a time in file order; never more than a few kilobytes of it
 * in memory.
 */
#ifndef SPECTATE_CLI_GPX_FILE_H
#define SPECTATE_CLI_GPX_FILE_H

#include <stdint.h>

#include "course/gpx.h"

struct gpx_file;

/* Owned by the caller. NULL: it can't be opened, errno says why. "-" is standard input. */
struct gpx_file *gpx_file_open(const char *path);
void gpx_file_close(struct gpx_file **file);

/* 1: the next point. 0: there is none any more. Negative: as gpx_read(), or ERR_SYSTEM; gpx_file_error() says what. */
int gpx_file_next(struct gpx_file *file, struct gpx_point *point);

/* "run.gpx: line 12: ...". Borrowed from the file. */
const char *gpx_file_error(const struct gpx_file *file);

/* Bytes read so far. */
uint64_t gpx_file_bytes(const struct gpx_file *file);

/* Points left out so far for their coordinates. */
uint64_t gpx_file_skipped(const struct gpx_file *file);

#endif
