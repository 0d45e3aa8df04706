/*
 * serve_options: the command line of `spectate serve`, made by argp from the table of src/config/.
 */
#ifndef SPECTATE_CLI_SERVE_OPTIONS_H
#define SPECTATE_CLI_SERVE_OPTIONS_H

#include "config/options.h"

enum serve_action { SERVE_RUN, SERVE_PRINT_CONFIG, SERVE_CHECK_CONFIG };

/*
 * Flags, environment and file into `options`, which was initialised. The result is a negative enum err, with the reason in
 * options->error, or an enum serve_action. --help, and a flag that does not exist, end the process.
 */
int serve_options_read(struct options *options, int argc, char **argv, char *const *environment);

#endif
