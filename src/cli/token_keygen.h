/*
 * token_keygen: `spectate token --keygen`: a new private key or secret in a file of its own.
 */
#ifndef SPECTATE_CLI_TOKEN_KEYGEN_H
#define SPECTATE_CLI_TOKEN_KEYGEN_H

#include "cli/token_options.h"

/* The exit status; what is wrong is said on standard error. */
int token_keygen(const struct token_options *options);

#endif
