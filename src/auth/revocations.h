/*
 * revocations: which tokens are no longer good, though their signature is. A pure set; one thread.
 *
 * Three kinds: one token by its `jti`; all tokens of a `sub` issued up to a time; all tokens issued before a time. A token
 * without `iat` counts as issued before everything. An entry is forgotten when the latest token it can concern has expired by
 * itself: a token's life is limited, from its `iat`. (One without `iat` is measured from when it is shown: who revokes such
 * tokens, issues none that live longer than the server's limit.)
 */
#ifndef SPECTATE_AUTH_REVOCATIONS_H
#define SPECTATE_AUTH_REVOCATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/pass.h"
#include "base/span.h"

#define REVOCATIONS_MAX 100000

enum revocation_kind { REVOKED_TOKEN, REVOKED_SUBJECT, REVOKED_BEFORE };

/* Plain data; `name` is borrowed. */
struct revocation {
    enum revocation_kind kind;
    struct span
        name; /* the jti or sub: UTF-8 of 1 to PASS_NAME_BYTES bytes; REVOKED_BEFORE: empty */
    int64_t
        at_s; /* REVOKED_SUBJECT: what was issued up to then, REVOKED_BEFORE: before then; REVOKED_TOKEN: when. UTC since 1970 */
};

/* The kind goes with the name, which has the right length and no NUL. Whether it is UTF-8 is the caller's to know. */
bool revocation_is_valid(const struct revocation *revocation);

struct revocations;

/* `max` entries; `life_s`: the longest that a token can live, with leeway. Aborts without memory. */
struct revocations *revocations_new(size_t max, int64_t life_s);
void revocations_free(struct revocations **set);

/*
 * A second entry of the same kind and name takes the place of the first when it is later. 0; ERR_INVALID: not a revocation as
 * above; ERR_FULL: `max` entries; ERR_NO_MEMORY. Copies the name.
 */
int revocations_add(struct revocations *set, const struct revocation *revocation);

/*
 * Take one back: the entry of this kind and name, whenever it was made; of REVOKED_BEFORE the one of just this time. 0;
 * ERR_NOT_FOUND: there is none; ERR_INVALID: not a revocation as above.
 */
int revocations_remove(struct revocations *set, const struct revocation *revocation);

/* Is the pass revoked? One of a certificate is, by its subject alone. */
bool revocations_match(const struct revocations *set, const struct pass *pass);

/* Forget what is too old to matter; returns how many. Cost: O(entries). */
size_t revocations_forget(struct revocations *set, int64_t now_s);

size_t revocations_count(const struct revocations *set);

/*
 * Each entry: the one by time, then in the order of their addition. `visit` borrows it, does not touch the set, and ends the
 * visit by a negative result, which is the result then; else 0.
 */
typedef int revocations_visit_fn(void *ctx, const struct revocation *revocation);
int revocations_visit(const struct revocations *set, revocations_visit_fn *visit, void *ctx);

#endif
