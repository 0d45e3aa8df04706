/*
 * issuer: one `issuer` option: whose tokens are taken, and where the keys are that verify them.
 *
 * The option is `name=value` pairs with blanks between, such as
 *
 *   iss=https://id.example aud=race keys=https://id.example/jwks.json
 *   iss=https://race.example secret=/etc/spectate/secret
 *
 * Values have no blanks. Nothing is read or fetched here.
 */
#ifndef SPECTATE_AUTH_ISSUER_H
#define SPECTATE_AUTH_ISSUER_H

#include "auth/key_alg.h"

#define ISSUER_SPEC_BYTES 4096
#define ISSUER_ERROR_BYTES 256

enum issuer_source {
    ISSUER_KEYS_FILE,   /* a JWK or a JWKS */
    ISSUER_KEYS_URL,    /* the same by https, or by http from this machine */
    ISSUER_SECRET_FILE, /* the raw secret of HMAC */
};

/* Texts are owned; NULL: not given. */
struct issuer {
    enum issuer_source source;
    char *place;      /* path or URL of the keys or the secret; never NULL */
    char *iss;        /* what the claim must be; NULL: anything, or nothing */
    char *aud;        /* what the claim must hold; NULL: a token with that claim is refused */
    enum key_alg alg; /* of keys that name none; KEY_ALG_COUNT: not given */
    char *
        ca; /* PEM file that alone says which servers of an https URL are trusted; NULL: what the system trusts */
};

/* 0, `issuer` is the caller's to fini; ERR_INVALID: `error` says why, and `issuer` holds nothing. */
int issuer_parse(const char *spec, struct issuer *issuer, char error[ISSUER_ERROR_BYTES]);
void issuer_fini(struct issuer *issuer);

#endif
