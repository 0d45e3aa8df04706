/*
 * key: one key that tokens are verified with, and its verification by cjose. Part of key_set.
 */
#ifndef SPECTATE_AUTH_KEY_H
#define SPECTATE_AUTH_KEY_H

#include <cjose/jwk.h>
#include <jansson.h>
#include <stddef.h>

#include "auth/key_alg.h"
#include "auth/key_set.h"
#include "base/span.h"

/* Plain data. */
struct key {
    char *kid; /* owned; NULL: none */
    enum key_alg alg;
    size_t signature_bytes;
    cjose_jwk_t *jwk; /* owned: the public half, or the secret */
};

/* `jwk` is any JSON value, `alg` as in key_set_parse(). 0; ERR_INVALID: not usable; ERR_NO_MEMORY. */
int key_read(const json_t *jwk, enum key_alg alg, struct key *key);

/* 0; ERR_INVALID: too short for `alg`, which is for secrets; ERR_NO_MEMORY. */
int key_of_secret(struct span secret, enum key_alg alg, struct key *key);

void key_fini(struct key *key);

#endif
