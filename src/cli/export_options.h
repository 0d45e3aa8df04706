/*
 * export_options: the command line of `spectate export`.
 */
#ifndef SPECTATE_CLI_EXPORT_OPTIONS_H
#define SPECTATE_CLI_EXPORT_OPTIONS_H

#include <stdint.h>

#include "cli/runner_list.h"
#include "cli/track_format.h"

/* Texts are borrowed; NULL: not given. */
struct export_options {
    const char *data;
    struct runner_list runners; /* none: everybody, or those of `group` */
    const char *group;
    int64_t from_ms;
    int64_t until_ms;
    enum track_format format;
    const char *output;      /* NULL: standard output */
    const char *format_text; /* as they were given */
    const char *next_runner;
};

/* Does not return when the usage is wrong or --help is asked for. */
struct export_options export_options_parse(int argc, char **argv);
void export_options_fini(struct export_options *options);

#endif
