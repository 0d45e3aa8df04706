/*
 * token: a JWT in the compact form of a JWS (RFC 7519, RFC 7515), verified. Pure: keys, expectations and the time are given.
 *
 * token_open() reads the text, whatever the issuer; token_verify() holds it against one issuer, as often as there are issuers to
 * try. What costs little comes first, and the signature last: junk never reaches a key. Strict where the RFCs leave a
 * choice: base64url without padding and spare bits, no member twice, no NUL, no `crit` at all; keys that the header brings along
 * (`jwk`, `jku`, `x5c`) are not looked at.
 *
 * Claims: `exp` (required), `nbf`, `iat`: numbers; `iss`: string; `aud`: string or array of strings; `sub`, `jti`: strings of 1 to
 * PASS_NAME_BYTES bytes; `publish`: array of patterns (auth/grants.h), an id may be an integer, groups grant nothing here;
 * `follow`: the same with groups; or the string "*"; `rate`, `follows`: integers from 1. Others are not looked at.
 */
#ifndef SPECTATE_AUTH_TOKEN_H
#define SPECTATE_AUTH_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/key_set.h"
#include "auth/pass.h"
#include "base/span.h"
#include "base/token_refusal.h"

#define TOKEN_BYTES 8192        /* a longer one is too_big */
#define TOKEN_LIST_ENTRIES 1000 /* in `publish`, and in `follow` */

struct token;

/*
 * 0 with `*token`, owned by the caller, or NULL there and `*refusal`. ERR_NO_MEMORY. `text` is borrowed until token_free().
 */
int token_open(struct span text, struct token **token, enum token_refusal *refusal);
void token_free(struct token **token);

/* What a token is held against. */
struct token_rules {
    const char *iss; /* the exact `iss`; NULL: any, also none */
    const char *
        aud; /* `aud` must hold it; NULL: a token with an `aud` is refused (RFC 7519 section 4.1.3) */
    const struct key_set *keys; /* NULL: not here yet */
    struct auth_groups *groups; /* NULL: none */
    int64_t now_s;              /* UTC since 1970 */
    int64_t leeway_s;           /* for nbf, iat, and exp as pass_end_is_over(); 0 or more */
    int64_t max_life_s;         /* exp - (iat or now) at most */
    bool is_signed;             /* that a key of theirs signed it is known already */
    uint64_t *verifications;    /* counted up when a signature is verified */
};

/*
 * 1 with `*pass`, owned by the caller, whose `issuer` is 0; 0 with `*refusal`; ERR_NO_MEMORY.
 */
int token_verify(const struct token *token, const struct token_rules *rules, struct pass **pass,
                 enum token_refusal *refusal);

#endif
