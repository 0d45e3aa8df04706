/*
 * output: text on standard output, by commands that only print something.
 */
#ifndef SPECTATE_CLI_OUTPUT_H
#define SPECTATE_CLI_OUTPUT_H

#include "base/span.h"

/* The exit status: EXIT_CODE_OK, or EXIT_CODE_FAILED (told on standard error) when not all could be written. */
int output_text(struct span text);

#endif
