/*
 * token_claims: the claims of a token whose signature is good, made into a pass. Part of token.
 */
#ifndef SPECTATE_AUTH_TOKEN_CLAIMS_H
#define SPECTATE_AUTH_TOKEN_CLAIMS_H

#include <jansson.h>

#include "auth/pass.h"

/*
 * `groups` may be NULL. 0 with `*pass`, owned by the caller, that lacks only its times and its issuer; ERR_FORMAT: a claim is
 * of the wrong type or out of range; ERR_NO_MEMORY.
 */
int token_claims_read(const json_t *claims, struct auth_groups *groups, struct pass **pass);

#endif
