/*
 * erase_options: the command line of `spectate erase`.
 */
#ifndef SPECTATE_CLI_ERASE_OPTIONS_H
#define SPECTATE_CLI_ERASE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/runner_list.h"

/* Texts are borrowed; NULL: not given. Either there are runners, or there is a time. */
struct erase_options {
    const char *data;
    struct runner_list runners;
    int64_t before_ms; /* INT64_MIN: not given */
    const char *group;
    bool is_sure;
    const char *next_runner; /* as it was given */
};

/* Does not return when the usage is wrong or --help is asked for. */
struct erase_options erase_options_parse(int argc, char **argv);
void erase_options_fini(struct erase_options *options);

#endif
