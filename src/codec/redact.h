/*
 * redact: a request target that may be written to a log: without the tokens in it.
 */
#ifndef SPECTATE_CODEC_REDACT_H
#define SPECTATE_CODEC_REDACT_H

#include <stddef.h>

#include "base/span.h"

#define REDACTED_BYTES 256

/*
 * "/live?token=eyJ...&x=1" becomes "/live?token=[redacted]&x=1"; so does the value of access_token (RFC 6750 2.3), where
 * tokens are not looked for but may well be sent, and whatever begins as a JWT does (eyJ), wherever it stands. Without the fragment. Printable ASCII; cut with "..." when it is long.
 */
void redact_target(struct span target, char text[REDACTED_BYTES]);

#endif
