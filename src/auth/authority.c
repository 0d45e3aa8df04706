#include "auth/authority.h"

#include "auth/token.h"
#include "auth/verified.h"
#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"

struct issuer {
    char *iss; /* owned; NULL: any */
    char *aud; /* owned; NULL: none */
    enum key_alg alg;
    bool is_refreshed;
    bool is_awaited;
    struct key_set *keys; /* owned; NULL: none yet */
};

struct authority {
    size_t issuer_count;
    struct issuer issuers[AUTHORITY_ISSUERS];
    struct revocations *revocations; /* owned */
    struct verified *verified;       /* owned */
    uint64_t verifications;
    struct auth_groups *groups; /* held; NULL: none */
    int64_t leeway_s;
    int64_t max_life_s;
    authority_refresh_fn *refresh;
    void *ctx;
};

static char *copy_of(const char *text)
{
    if (text == NULL)
        return NULL;
    size_t len = strlen(text);
    char *copy = mem_must(len + 1);
    memcpy(copy, text, len);
    return copy;
}

struct authority *authority_new(const struct authority_options *options)
{
    CHECK(options->issuer_count <= AUTHORITY_ISSUERS);
    struct authority *authority = mem_must(sizeof *authority);
    for (size_t i = 0; i < options->issuer_count; i++) {
        const struct authority_issuer *issuer = &options->issuers[i];
        CHECK(options->refresh != NULL || !issuer->is_refreshed);
        authority->issuers[i] = (struct issuer){.iss = copy_of(issuer->iss),
                                                .aud = copy_of(issuer->aud),
                                                .alg = issuer->alg,
                                                .is_refreshed = issuer->is_refreshed};
    }
    authority->issuer_count = options->issuer_count;
    authority->leeway_s = options->leeway_s;
    authority->max_life_s = options->max_life_s;
    authority->refresh = options->refresh;
    authority->ctx = options->ctx;
    authority->revocations = revocations_new(options->max_revocations, options->revocation_life_s);
    authority->verified = verified_new();
    return authority;
}

void authority_free(struct authority **authority)
{
    if (*authority == NULL)
        return;
    for (size_t i = 0; i < (*authority)->issuer_count; i++) {
        struct issuer *issuer = &(*authority)->issuers[i];
        mem_free(issuer->iss);
        mem_free(issuer->aud);
        key_set_free(&issuer->keys);
    }
    revocations_free(&(*authority)->revocations);
    verified_free(&(*authority)->verified);
    auth_groups_drop(&(*authority)->groups);
    mem_free(*authority);
    *authority = NULL;
}

static struct issuer *issuer_at(struct authority *authority, size_t issuer)
{
    CHECK(issuer < authority->issuer_count);
    return &authority->issuers[issuer];
}

static void replace_keys(struct authority *authority, struct issuer *issuer, struct key_set *keys)
{
    key_set_free(&issuer->keys);
    issuer->keys = keys;
    verified_clear(authority->verified);
}

int authority_set_keys(struct authority *authority, size_t issuer, struct span text)
{
    struct issuer *of = issuer_at(authority, issuer);
    struct key_set *keys = NULL;
    of->is_awaited = false;
    int err = of->is_refreshed ? key_set_parse_public(text, of->alg, &keys)
                               : key_set_parse(text, of->alg, &keys);
    if (err == 0)
        replace_keys(authority, of, keys);
    return err;
}

int authority_set_secret(struct authority *authority, size_t issuer, struct span secret)
{
    struct issuer *of = issuer_at(authority, issuer);
    struct key_set *keys = NULL;
    of->is_awaited = false;
    int err = key_set_of_secret(secret, of->alg, &keys);
    if (err == 0)
        replace_keys(authority, of, keys);
    return err;
}

void authority_refresh_failed(struct authority *authority, size_t issuer)
{
    issuer_at(authority, issuer)->is_awaited = false;
}

bool authority_is_waiting_for(const struct authority *authority, size_t issuer)
{
    CHECK(issuer < authority->issuer_count);
    return authority->issuers[issuer].is_awaited;
}

const struct key_set *authority_keys(const struct authority *authority, size_t issuer)
{
    CHECK(issuer < authority->issuer_count);
    return authority->issuers[issuer].keys;
}

const struct auth_groups *authority_groups(const struct authority *authority)
{
    return authority->groups;
}

void authority_set_groups(struct authority *authority, struct auth_groups *groups)
{
    struct auth_groups *before = authority->groups;
    authority->groups = groups == NULL ? NULL : auth_groups_hold(groups);
    auth_groups_drop(&before);
}

bool authority_regroup(const struct authority *authority, struct pass *pass)
{
    return pass_set_groups(pass, authority->groups);
}

struct revocations *authority_revocations(struct authority *authority)
{
    return authority->revocations;
}

/* Could newer keys make this token a good one? Then they are asked for, unless they are on their way already. */
static bool await_keys(struct authority *authority, size_t index, enum token_refusal reason)
{
    struct issuer *issuer = &authority->issuers[index];
    bool lacks_key = reason == TOKEN_no_keys || reason == TOKEN_unknown_key;
    if (!lacks_key || !issuer->is_refreshed)
        return false;
    if (!issuer->is_awaited)
        issuer->is_awaited = authority->refresh(authority->ctx, index);
    return issuer->is_awaited;
}

_Static_assert(AUTHORITY_ISSUERS <= 64, "a set of them is a word");
_Static_assert(AUTHORITY_ISSUERS <= VERIFIED_ISSUERS, "each has a number there");

static bool has_issuer(uint64_t set, size_t index)
{
    return (set >> index & 1) != 0;
}

/* The latest reason counts, and the first issuer that is worth waiting for. */
static void note_refusal(struct authority *authority, size_t index, enum token_refusal reason,
                         uint64_t waited, struct authority_refusal *refusal)
{
    if (reason > refusal->reason)
        refusal->reason = reason;
    if (!refusal->is_waiting && !has_issuer(waited, index) &&
        await_keys(authority, index, reason)) {
        refusal->is_waiting = true;
        refusal->issuer = index;
    }
}

/* A token that is shown, and what is known of it. */
struct shown {
    const struct token *token;
    struct verified_id id;
    uint64_t waited;
    int64_t now_s;
};

static int verify_with(struct authority *authority, size_t index, const struct shown *shown,
                       struct pass **pass, enum token_refusal *reason)
{
    const struct issuer *issuer = &authority->issuers[index];
    const struct token_rules rules = {
        .iss = issuer->iss,
        .aud = issuer->aud,
        .keys = issuer->keys,
        .groups = authority->groups,
        .now_s = shown->now_s,
        .leeway_s = authority->leeway_s,
        .max_life_s = authority->max_life_s,
        .is_signed = verified_has(authority->verified, &shown->id, index),
        .verifications = &authority->verifications,
    };
    int result = token_verify(shown->token, &rules, pass, reason);
    if (result > 0) {
        (*pass)->issuer = index;
        if (!rules.is_signed)
            verified_add(authority->verified, &shown->id, index);
    }
    return result;
}

/* Like token_verify(), with each issuer in turn. */
static int verify_with_any(struct authority *authority, const struct shown *shown,
                           struct pass **pass, struct authority_refusal *refusal)
{
    *refusal = (struct authority_refusal){.reason = TOKEN_unknown_issuer};
    for (size_t i = 0; i < authority->issuer_count; i++) {
        enum token_refusal reason;
        int result = verify_with(authority, i, shown, pass, &reason);
        if (result != 0)
            return result;
        note_refusal(authority, i, reason, shown->waited, refusal);
    }
    return 0;
}

static int check_revoked(const struct authority *authority, struct pass **pass,
                         struct authority_refusal *refusal)
{
    if (!revocations_match(authority->revocations, *pass))
        return 1;
    pass_free(pass);
    *refusal = (struct authority_refusal){.reason = TOKEN_revoked};
    return 0;
}

int authority_verify(struct authority *authority, struct span text, int64_t now_s, uint64_t waited,
                     struct pass **pass, struct authority_refusal *refusal)
{
    struct token *token = NULL;
    *refusal = (struct authority_refusal){0};
    int err = token_open(text, &token, &refusal->reason);
    if (err < 0 || token == NULL)
        return err;
    struct shown shown = {
        .token = token, .id = verified_id_of(text), .waited = waited, .now_s = now_s};
    int result = verify_with_any(authority, &shown, pass, refusal);
    token_free(&token);
    return result > 0 ? check_revoked(authority, pass, refusal) : result;
}

uint64_t authority_verifications(const struct authority *authority)
{
    return authority->verifications;
}
