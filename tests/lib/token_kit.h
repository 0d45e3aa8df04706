/*
 * token_kit: keys and tokens for tests. Signs with OpenSSL alone, so that what the server verifies with cjose comes from elsewhere.
 */
#ifndef SPECTATE_TESTS_LIB_TOKEN_KIT_H
#define SPECTATE_TESTS_LIB_TOKEN_KIT_H

#include <openssl/evp.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/span.h"

/* The published test keys of token_keys.h, read anew: the caller frees them with EVP_PKEY_free(). */
EVP_PKEY *kit_rsa(void);
EVP_PKEY *kit_p256(void);
EVP_PKEY *kit_p384(void);
struct span kit_secret(void);

/* Keys made on the spot. */
EVP_PKEY *kit_new_rsa(int bits);
EVP_PKEY *kit_new_ec(const char *curve);

/* Append the public half as a JWK: `more` is what else stands in it, such as `,"kid":"a"`. */
void kit_append_jwk(struct buf *out, EVP_PKEY *key, const char *more);
void kit_append_secret_jwk(struct buf *out, struct span secret, const char *more);

/* Append a JWKS with all the test keys, named "rsa", "pss" (the same key for PS256), "p256", "p384" and "secret" (HS256). */
void kit_append_jwks(struct buf *out);

/* What to sign with: `alg` says how, one of the others with what. */
struct kit_signer {
    const char *alg; /* as in JWS; how the bytes are signed, whatever the header says */
    EVP_PKEY *key;
    struct span secret; /* for HS algorithms */
};

/* Append BASE64URL(bytes). */
void kit_append_base64url(struct buf *out, struct span bytes);

/* Append a token: header and claims as they are, which need not be JSON. */
void kit_append_token(struct buf *out, const struct kit_signer *signer, const char *header,
                      const char *claims);

/* Append a signature of `input`, in base64url. `input` is not in `out`. */
void kit_append_signature(struct buf *out, const struct kit_signer *signer, struct span input);

#endif
