/*
 * key_set: the keys of one issuer that tokens are verified with.
 *
 * Read from a JWK or a JWKS (RFC 7517), or made of one raw secret. Each key is pinned to one algorithm: its own `alg`, else the
 * one that the issuer was configured with, else HS256, RS256, ES256 or ES384 by its type. Unusable keys are skipped and counted: an unknown `kty` or `alg`, one that does not suit the key, `use` other than "sig", `key_ops` without "verify", an
 * RSA modulus of less than 2048 or more than 8192 bits, an RSA exponent that is even, 1, or of more than 32 bits, a secret shorter
 * than the hash, a point that is not on the curve, a value that is not base64url, the same `kid` and algorithm a second time.
 * Of a private key only the public half is taken.
 *
 * The keys are cjose's, and those are counted without atomics: a set is used by one thread.
 */
#ifndef SPECTATE_AUTH_KEY_SET_H
#define SPECTATE_AUTH_KEY_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/key_alg.h"
#include "base/span.h"

#define KEY_SET_KEYS 64            /* usable ones; what follows is skipped */
#define KEY_SET_BYTES (256 * 1024) /* of the text */
#define KEY_ID_BYTES 255           /* a longer `kid` makes a key unusable */

struct key;
struct key_set;

/*
 * `alg` is for keys that name none; KEY_ALG_COUNT: by their type. 0 with `*set` owned by the caller; ERR_FORMAT: not a JWK or
 * JWKS; ERR_NOT_FOUND: it holds no usable key; ERR_TOO_BIG, ERR_NO_MEMORY.
 */
int key_set_parse(struct span text, enum key_alg alg, struct key_set **set);

/* The same of what everybody can read, at a URL: what is called a secret there (`oct`) is none, and skipped. */
int key_set_parse_public(struct span text, enum key_alg alg, struct key_set **set);

/*
 * One key without a `kid`. `alg` is an HS algorithm; KEY_ALG_COUNT: HS256. 0 with `*set` owned by the caller; ERR_INVALID: the
 * secret is shorter than the hash, or `alg` is of another kind; ERR_NO_MEMORY.
 */
int key_set_of_secret(struct span secret, enum key_alg alg, struct key_set **set);

void key_set_free(struct key_set **set);

size_t key_set_count(const struct key_set *set);
size_t key_set_skipped(const struct key_set *set);

enum key_search { KEY_FOUND, KEY_UNKNOWN, KEY_OF_OTHER_ALG };

/*
 * With a `kid` only the key of that name counts. Without (NULL), the only key of this algorithm: none is KEY_OF_OTHER_ALG, and
 * more than one KEY_UNKNOWN. `*key` is borrowed from the set when it was found.
 */
enum key_search key_set_find(const struct key_set *set, const char *kid, enum key_alg alg,
                             const struct key **key);

/* How long this key's signatures are, all of them. */
size_t key_signature_bytes(const struct key *key);

/*
 * `compact` is a JWS of three parts in base64url whose header names this key's algorithm and has no `crit`, and whose signature
 * is key_signature_bytes() long. Is it signed with this key? 1, 0 or ERR_NO_MEMORY. Leaves OpenSSL's error queue empty.
 */
int key_verify(const struct key *key, struct span compact);

#endif
