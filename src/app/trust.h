/*
 * trust: what the process knows of who may do what: the issuers with their keys and groups, and what bad tokens may cost.
 *
 * Made by the main thread before there are others: what can't be read is an error at the start. Keys that come from a URL are
 * fetched by a thread of their own, which posts them to every shard (MAIL_KEYS); each shard verifies by an authority of its own
 * (app/access.h). Read again when the operator asks for it (trust_reload()).
 */
#ifndef SPECTATE_APP_TRUST_H
#define SPECTATE_APP_TRUST_H

#include <stdbool.h>
#include <stddef.h>

#include "app/failed_tokens.h"
#include "app/mail.h"
#include "app/token_accounts.h"
#include "auth/authority.h"
#include "auth/key_text.h"
#include "config/options.h"

struct shard;

/* Read-only while shards run, but for what is thread-safe by itself. */
struct trust;

/* One issuer's keys, newly read or fetched, for one shard. */
struct keys_mail {
    struct mail mail;
    size_t issuer;
    struct key_text *text; /* held; NULL: they could not be had */
};

/* What no longer counts, or does again, for one shard. */
struct revoke_mail {
    struct mail mail;
    bool is_lifted;               /* it counts again */
    struct revocation revocation; /* its name lies behind */
    char name[];
};

/* Groups, newly read, for one shard. */
struct groups_mail {
    struct mail mail;
    struct auth_groups *groups; /* held */
};

/* Owned by the caller. NULL: something could not be had, logged. */
struct trust *trust_open(const struct options *options);

/* After the shards have ended. */
void trust_close(struct trust **trust);

/*
 * Write the revocations anew, as the user that the process has become: it is the one that will add to them. 0, or as
 * revocation_file_rewrite() fails, logged.
 */
int trust_keep_revocations(struct trust *trust);

/* Begin to fetch keys, for these shards (borrowed). Main thread, before they run. 0 or ERR_SYSTEM, logged. */
int trust_start(struct trust *trust, struct shard *const *shards, size_t count);

/* The shards are about to end: no fetched keys are posted to them any more when it returns. */
void trust_stop(struct trust *trust);

/* Read the files of keys, secrets and groups again, and post them to every shard. What can't be read stays as it was, logged. */
void trust_reload(struct trust *trust);

/* Clients have to show a token. */
bool trust_needs_tokens(const struct trust *trust);

/* By how much clocks may differ. */
int64_t trust_leeway_s(const struct trust *trust);

/* For how long a session may wait for keys. */
uint64_t trust_patience_ms(const struct trust *trust);

/* With all that is known now. Owned by the caller. */
struct authority *trust_new_authority(const struct trust *trust, authority_refresh_fn *refresh,
                                      void *ctx);

/* Its keys are one raw secret, and not a JWKS. */
bool trust_issuer_is_secret(const struct trust *trust, size_t issuer);

/* Ask for the keys of an issuer anew. False: they would not come soon. Any thread. */
bool trust_ask_for_keys(struct trust *trust, size_t issuer);

/* Borrowed, thread-safe. */
struct failed_tokens *trust_failed_tokens(const struct trust *trust);
struct failed_tokens *trust_failed_operators(const struct trust *trust);
struct token_accounts *trust_accounts(const struct trust *trust);

/* Is this the operators' token? */
bool trust_is_operator(const struct trust *trust, struct span token);

/* Carried out, or taken back, by every shard. ERR_FULL, ERR_CLOSED, ERR_NO_MEMORY: not by all of them. */
int trust_post_revocation(const struct trust *trust, const struct revocation *revocation);
int trust_post_pardon(const struct trust *trust, const struct revocation *revocation);

/* The revocations that were read from their file. Borrowed; main thread, and the operators'. */
struct revocations *trust_revocations(const struct trust *trust);

/* A mail is not wanted: give up what it holds, and it. */
void keys_mail_free(struct keys_mail *mail);
void groups_mail_free(struct groups_mail *mail);

#endif
