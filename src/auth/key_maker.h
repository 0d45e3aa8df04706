/*
 * key_maker: new keys and secrets that tokens are signed with, from the system's random source.
 */
#ifndef SPECTATE_AUTH_KEY_MAKER_H
#define SPECTATE_AUTH_KEY_MAKER_H

#include "auth/key_alg.h"
#include "base/buf.h"

#define KEY_MAKER_RSA_BITS 2048

struct key_pair {
    struct buf private_jwk; /* a JWK and a newline; forget it with key_file_forget() */
    struct buf public_jwks; /* a JWKS with the public half, and a newline */
};

/*
 * For an algorithm with key pairs. Both halves name it, their use and `kid`; NULL: the key's thumbprint (RFC 7638).
 * 0, or ERR_NO_MEMORY: `pair` is empty; ERR_INVALID: `kid` is not UTF-8.
 */
int key_maker_pair(enum key_alg alg, const char *kid, struct key_pair *pair);

/* For an HS algorithm: as many random bytes as its hash has, as text of base64url, and a newline. 0 or ERR_NO_MEMORY. */
int key_maker_secret(enum key_alg alg, struct buf *secret);

#endif
