/*
 * track_writer: tracks as files: one file, standard output, or for GPX a folder with a file for each runner.
 *
 * What is added is gathered, and written by track_writer_flush(): so nobody waits for a slow disk or pipe while it reads a store. What
 * goes wrong is said on standard error; results are exit statuses, and after a failure there is nothing to do but to close.
 */
#ifndef SPECTATE_CLI_TRACK_WRITER_H
#define SPECTATE_CLI_TRACK_WRITER_H

#include <stdbool.h>
#include <stdio.h>

#include "base/buf.h"
#include "cli/track_format.h"
#include "proto/position.h"

/* Plain data; its members are its own. */
struct track_writer {
    const char *command; /* borrowed */
    const char *path;    /* borrowed; NULL: standard output */
    enum track_format format;
    bool is_folder;
    FILE *file; /* owned, but for standard output; NULL: none is open */
    struct buf text;
    uint64_t positions; /* so far */
};

/* `path` NULL: standard output. */
int track_writer_open(struct track_writer *writer, const char *command, const char *path,
                      enum track_format format);

/* Takes several runners: not GPX, unless to a folder. */
bool track_writer_takes_many(const struct track_writer *writer);

/* The positions of this runner follow; `name` is what is known of it, or empty. */
int track_writer_begin(struct track_writer *writer, const struct runner_id *runner,
                       struct span name);

/* In WGS 84. 0 or ERR_NO_MEMORY. */
int track_writer_add(struct track_writer *writer, const struct position *position);

int track_writer_flush(struct track_writer *writer);
int track_writer_end(struct track_writer *writer);

/* That was all, and `status` is how it went: returned, or what the end of the file comes to. In any case it is closed. */
int track_writer_close(struct track_writer *writer, int status);

#endif
