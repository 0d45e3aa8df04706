/*
 * import_options: the command line of `spectate import`.
 */
#ifndef SPECTATE_CLI_IMPORT_OPTIONS_H
#define SPECTATE_CLI_IMPORT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/track_reader.h"

/* Texts are borrowed; NULL: not given. */
struct import_options {
    const char *data;
    struct track_source *sources; /* owned; at least 1 */
    size_t source_count;
    bool is_strict;
    struct v1_user runner;    /* as --runner says; no id: not given */
    enum track_format format; /* TRACK_FORMAT_COUNT: not given */
    const char *runner_text;  /* as they were given */
    const char *format_text;
};

/* Does not return when the usage is wrong or --help is asked for. */
struct import_options import_options_parse(int argc, char **argv);
void import_options_fini(struct import_options *options);

#endif
