/*
 * course_file: the course that a GPX file describes: its first track, else its first route.
 */
#ifndef SPECTATE_CLI_COURSE_FILE_H
#define SPECTATE_CLI_COURSE_FILE_H

#include "course/course.h"

#define COURSE_FILE_ERROR_BYTES 512

/* Owned by the caller; a loop is closed. NULL with `error` filled: unreadable, not GPX, fewer than two places. */
struct course *course_file_load(const char *path, char error[COURSE_FILE_ERROR_BYTES]);

#endif
