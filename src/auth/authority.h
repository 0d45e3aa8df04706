/*
 * authority: one worker's view of who may do what: issuers with their keys, revocations, groups. One thread.
 *
 * A token is held against each issuer that its `iss` allows. When the key it names is not there, and that issuer's keys come from
 * a URL, newer ones are asked for by a callback, and the refusal says that it is worth waiting: who shows the token again once
 * authority_is_waiting_for() is false, and says for whose keys it has waited, gets the final answer. Who does not say so may be
 * told to wait again: for an issuer that takes new fetches all the time, without an end.
 */
#ifndef SPECTATE_AUTH_AUTHORITY_H
#define SPECTATE_AUTH_AUTHORITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/groups.h"
#include "auth/key_set.h"
#include "auth/pass.h"
#include "auth/revocations.h"
#include "base/span.h"
#include "base/token_refusal.h"

#define AUTHORITY_ISSUERS 64

struct authority;

/* Plain data, copied by authority_new(). */
struct authority_issuer {
    const char *iss;   /* NULL: any, also none */
    const char *aud;   /* NULL: a token with an `aud` is refused */
    enum key_alg alg;  /* of keys that name none; KEY_ALG_COUNT: by their type */
    bool is_refreshed; /* its keys come from a URL: `refresh` may be asked for newer ones */
};

/*
 * Ask for newer keys of an issuer. True: they are on their way, and the end of it will be told by authority_set_keys() or
 * authority_refresh_failed(), later than this call. False: not now.
 */
typedef bool authority_refresh_fn(void *ctx, size_t issuer);

struct authority_options {
    const struct authority_issuer *issuers;
    size_t issuer_count; /* at most AUTHORITY_ISSUERS */
    int64_t leeway_s;
    int64_t max_life_s;
    size_t max_revocations;
    int64_t
        revocation_life_s; /* how long a revocation counts: as long as what it concerns can live */
    authority_refresh_fn *refresh; /* may be NULL when no issuer is refreshed */
    void *ctx;
};

/* Aborts without memory. Begins without keys, groups and revocations. */
struct authority *authority_new(const struct authority_options *options);
void authority_free(struct authority **authority);

/*
 * The issuer's keys from now on. 0, or as key_set_parse() and key_set_of_secret() fail, and then the last good ones stay. Either
 * way nobody waits for this issuer any more.
 */
int authority_set_keys(struct authority *authority, size_t issuer, struct span text);
int authority_set_secret(struct authority *authority, size_t issuer, struct span secret);
void authority_refresh_failed(struct authority *authority, size_t issuer);

/* Newer keys were asked for and are not here yet. */
bool authority_is_waiting_for(const struct authority *authority, size_t issuer);

/* Borrowed until the next ones are set; NULL: none yet. For their number, and that of the skipped ones. */
const struct key_set *authority_keys(const struct authority *authority, size_t issuer);

/*
 * Holds `groups` (NULL: none), which later passes are made with; those that there are get them by authority_regroup(). False: it
 * names no group.
 */
void authority_set_groups(struct authority *authority, struct auth_groups *groups);

/* Borrowed until the next authority_set_groups(); NULL: there are none. */
const struct auth_groups *authority_groups(const struct authority *authority);
bool authority_regroup(const struct authority *authority, struct pass *pass);

/* Borrowed: to be added to, visited and swept. */
struct revocations *authority_revocations(struct authority *authority);

struct authority_refusal {
    enum token_refusal reason;
    bool is_waiting; /* for the keys of... */
    size_t issuer;   /* ...this issuer */
};

/* Issuers as a set: bit i is issuer i. */
#define AUTHORITY_NO_ISSUER UINT64_C(0)
#define AUTHORITY_EVERY_ISSUER UINT64_MAX

/*
 * 1 with `*pass`, owned by the caller; 0 with `*refusal`; ERR_NO_MEMORY. `waited`: issuers whose keys this token has waited for
 * once, and which are not asked for, nor waited for, on its behalf again.
 */
int authority_verify(struct authority *authority, struct span text, int64_t now_s, uint64_t waited,
                     struct pass **pass, struct authority_refusal *refusal);

/* How many signatures it has verified: that of a token that was found good lately (auth/verified.h) is not looked at again. */
uint64_t authority_verifications(const struct authority *authority);

#endif
