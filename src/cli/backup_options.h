/*
 * backup_options: the command line of `spectate backup`.
 */
#ifndef SPECTATE_CLI_BACKUP_OPTIONS_H
#define SPECTATE_CLI_BACKUP_OPTIONS_H

#include <stdbool.h>

/* Borrowed. There is an output, or a check is wanted. */
struct backup_options {
    const char *data;
    const char *output; /* NULL: none */
    bool wants_check;
};

/* Does not return when the usage is wrong or --help is asked for. */
struct backup_options backup_options_parse(int argc, char **argv);

#endif
