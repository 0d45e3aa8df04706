/*
 * token_link: the address of a page with a token in its query. Pure.
 */
#ifndef SPECTATE_CLI_TOKEN_LINK_H
#define SPECTATE_CLI_TOKEN_LINK_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/span.h"

/* Is it an http:// or https:// address with a host, printable, without a `token` in its query? */
bool token_link_fits(const char *url);

/* Append the link, for a URL that fits: the token goes behind what query there is, and before a fragment. 0 or ERR_NO_MEMORY. */
int token_link_write(const char *url, struct span token, struct buf *link);

/* Would the token be sent in the clear over a network? For a URL that fits. */
bool token_link_is_in_the_clear(const char *url);

#endif
