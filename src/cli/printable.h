/*
 * printable: text of a peer on somebody's terminal, without what a terminal would obey.
 */
#ifndef SPECTATE_CLI_PRINTABLE_H
#define SPECTATE_CLI_PRINTABLE_H

#include <stdio.h>

#include "base/span.h"

/* Write UTF-8 with "?" for each control character (C0, DEL, and the C1 ones U+0080 to U+009F). */
void printable_write(FILE *out, struct span text);

#endif
