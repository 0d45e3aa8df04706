/*
 * mint: make tokens that auth/token.h verifies.
 */
#ifndef SPECTATE_AUTH_MINT_H
#define SPECTATE_AUTH_MINT_H

#include <stddef.h>
#include <stdint.h>

#include "auth/signing_key.h"
#include "base/buf.h"
#include "base/span.h"

/* Claims; NULL, 0 and empty lists are left out. */
struct mint_claims {
    const char *issuer;
    const char *audience;
    const char *subject;
    const char *id;
    const struct span *publish; /* patterns */
    size_t publish_count;
    const struct span *follow;
    size_t follow_count;
    int64_t issued_s; /* UTC since 1970 */
    int64_t not_before_s;
    int64_t expires_s;
    uint64_t rate;
    uint64_t follows;
};

/*
 * Append the token. 0; ERR_INVALID: a text is not UTF-8, or the two halves of the key don't belong together; ERR_TOO_MANY: a list
 * is longer than a server takes; ERR_TOO_BIG: the token is; ERR_NO_MEMORY.
 */
int mint_token(const struct signing_key *key, const struct mint_claims *claims, struct buf *token);

#endif
