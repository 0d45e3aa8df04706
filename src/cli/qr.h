/*
 * qr: text as a QR code (ISO/IEC 18004) in characters, two rows of modules in a line.
 *
 * Light is drawn and dark is left out, with a margin of four modules, as terminals are dark; with colours set it looks the same on
 * a light one.
 */
#ifndef SPECTATE_CLI_QR_H
#define SPECTATE_CLI_QR_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/span.h"

/* Append the lines. How many columns they have; ERR_TOO_BIG: no QR code holds so much (2953 bytes); ERR_NO_MEMORY. */
int qr_draw(struct span text, bool is_coloured, struct buf *lines);

#endif
