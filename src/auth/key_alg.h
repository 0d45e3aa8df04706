/*
 * key_alg: the signature algorithms of tokens (RFC 7518 section 3.1), one table.
 */
#ifndef SPECTATE_AUTH_KEY_ALG_H
#define SPECTATE_AUTH_KEY_ALG_H

#include <stddef.h>

#include "base/span.h"

enum key_alg {
#define KEY_ALG(name, type, curve_bits, signature_bytes, secret_bytes) KEY_ALG_##name,
#include "auth/key_alg.def"
#undef KEY_ALG
    KEY_ALG_COUNT, /* where an algorithm may be left open: none named */
};

enum key_type { KEY_TYPE_oct, KEY_TYPE_RSA, KEY_TYPE_EC };

/* As `alg` spells it, "ES256". 0 or ERR_NOT_FOUND (`alg` untouched). */
int key_alg_parse(struct span name, enum key_alg *alg);
const char *key_alg_name(enum key_alg alg);

enum key_type key_alg_type(enum key_alg alg);
size_t key_alg_curve_bits(enum key_alg alg);      /* 0: no curve */
size_t key_alg_signature_bytes(enum key_alg alg); /* 0: as many as the key's modulus */
size_t key_alg_secret_bytes(enum key_alg alg);    /* the shortest secret; 0: not by a secret */

#endif
