/*
 * signing_key: a private key or a secret that tokens are signed with, for the command that mints them.
 *
 * What a server would not verify with is refused here (auth/key_set.h): its public half is read by the same reader, and is
 * pinned to one algorithm by the same rules.
 */
#ifndef SPECTATE_AUTH_SIGNING_KEY_H
#define SPECTATE_AUTH_SIGNING_KEY_H

#include <cjose/jwk.h>

#include "auth/key_alg.h"
#include "auth/key_set.h"
#include "base/span.h"

#define SIGNING_KEY_ERROR_BYTES 160

struct signing_key;

struct signing_key_options {
    enum key_alg alg; /* KEY_ALG_COUNT: the key's own, else by its type */
    const char *kid;  /* which key of a set, and what tokens say; NULL: the only one, and its own */
};

/*
 * From a private JWK, or a JWKS with one; or from a raw secret. 0 with `*key` owned by the caller; ERR_INVALID: `error` says why,
 * without a word of the key.
 */
int signing_key_of_jwk(struct span text, const struct signing_key_options *options,
                       struct signing_key **key, char error[SIGNING_KEY_ERROR_BYTES]);
int signing_key_of_secret(struct span secret, const struct signing_key_options *options,
                          struct signing_key **key, char error[SIGNING_KEY_ERROR_BYTES]);
void signing_key_free(struct signing_key **key);

/* All borrowed. */
enum key_alg signing_key_alg(const struct signing_key *key);
const char *signing_key_kid(const struct signing_key *key); /* NULL: it has none */
const cjose_jwk_t *signing_key_private(const struct signing_key *key);
const struct key *signing_key_public(const struct signing_key *key); /* to verify with */

#endif
