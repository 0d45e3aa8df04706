#include "app/trust.h"

#include <errno.h>
#include <string.h>

#include "app/shard.h"
#include "auth/key_fetcher.h"
#include "auth/key_file.h"
#include "auth/key_set.h"
#include "auth/revocation_file.h"
#include "auth/secret.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

/* For how long a session waits for the fetch of a key to begin. */
#define PATIENCE_MS 2000

struct trust {
    const struct options *options; /* borrowed */
    struct issuer issuers[AUTHORITY_ISSUERS];
    struct key_text *texts[AUTHORITY_ISSUERS]; /* held; of files; NULL: it comes from a URL */
    size_t issuer_count;
    struct auth_groups *groups; /* held; NULL: none */
    struct revocations *revocations;
    struct failed_tokens *failed;
    struct failed_tokens *failed_operators; /* apart, so that strangers can't use up theirs */
    struct token_accounts *accounts;
    struct buf operators_token;  /* "": there is none */
    struct key_fetcher *fetcher; /* owned; NULL: nothing is fetched */
    struct shard *const *shards; /* borrowed */
    size_t shard_count;
};

/* --- what is read at the start -------------------------------------------------------------------------------------- */

static int64_t seconds(uint64_t ms)
{
    return (int64_t)((ms + 999) / 1000);
}

static bool is_secret(const struct issuer *issuer)
{
    return issuer->source == ISSUER_SECRET_FILE;
}

/* Would an authority take it? A throw-away set says so. */
static int check_keys(const struct issuer *issuer, struct span text)
{
    struct key_set *set = NULL;
    int err = is_secret(issuer) ? key_set_of_secret(text, issuer->alg, &set)
                                : key_set_parse(text, issuer->alg, &set);
    if (err == 0 && key_set_skipped(set) > 0)
        LOG(LOG_WARN, "auth.keys_skipped", NO_SESSION, "%s: %zu keys are of no use", issuer->place,
            key_set_skipped(set));
    key_set_free(&set);
    return err;
}

static int read_keys(const struct issuer *issuer, struct key_text **text)
{
    struct buf contents = {0};
    int err = key_file_read(issuer->place, KEY_SET_BYTES, &contents);
    const char *why = err == ERR_SYSTEM ? strerror(errno) : err_text(err);
    if (err == 0) {
        struct span keys =
            is_secret(issuer) ? secret_trim(buf_span(&contents)) : buf_span(&contents);
        err = check_keys(issuer, keys);
        why = err == ERR_NOT_FOUND ? "it holds no key that can be used" : err_text(err);
        *text = err == 0 ? key_text_new(keys) : NULL;
    }
    key_file_forget(&contents);
    if (err == 0 && *text != NULL)
        return 0;
    LOG(LOG_ERROR, "auth.no_keys", NO_SESSION, "%s: %s", issuer->place, why);
    return err < 0 ? err : ERR_NO_MEMORY;
}

static int open_issuer(struct trust *trust, const char *spec)
{
    char error[ISSUER_ERROR_BYTES];
    struct issuer *issuer = &trust->issuers[trust->issuer_count];
    if (trust->issuer_count == AUTHORITY_ISSUERS) {
        LOG(LOG_ERROR, "auth.bad_issuer", NO_SESSION, "more than %d issuers", AUTHORITY_ISSUERS);
        return ERR_TOO_MANY;
    }
    if (issuer_parse(spec, issuer, error) < 0) {
        LOG(LOG_ERROR, "auth.bad_issuer", NO_SESSION, "issuer: %s", error);
        return ERR_INVALID;
    }
    trust->issuer_count++;
    if (issuer->source == ISSUER_KEYS_URL)
        return 0;
    return read_keys(issuer, &trust->texts[trust->issuer_count - 1]);
}

static int open_issuers(struct trust *trust)
{
    const struct option_list *specs = &trust->options->issuer;
    int err = 0;
    for (size_t i = 0; i < specs->count && err == 0; i++)
        err = open_issuer(trust, specs->items[i]);
    return err;
}

static int read_groups(const char *path, struct auth_groups **groups)
{
    char message[AUTH_GROUPS_MESSAGE_BYTES];
    struct buf contents = {0};
    int err = key_file_read(path, AUTH_GROUPS_BYTES, &contents);
    if (err < 0)
        LOG(LOG_ERROR, "auth.no_groups", NO_SESSION, "%s: %s", path,
            err == ERR_SYSTEM ? strerror(errno) : err_text(err));
    if (err == 0) {
        err = auth_groups_parse(buf_span(&contents), groups, message);
        if (err < 0)
            LOG(LOG_ERROR, "auth.no_groups", NO_SESSION, "%s: %s", path, message);
    }
    buf_fini(&contents);
    return err;
}

static int open_groups(struct trust *trust)
{
    const char *path = trust->options->groups;
    return path == NULL ? 0 : read_groups(path, &trust->groups);
}

/*
 * For how long a revocation counts: as long as a token that it concerns can live, whose `iat` may lie the leeway ahead of us and
 * its `exp` behind us. How long a client certificate lives is not ours to say: with these nothing is forgotten.
 */
static int64_t revocation_life_s(const struct trust *trust)
{
    const struct options *options = trust->options;
    if (options->tls_client_ca != NULL)
        return INT64_MAX;
    return seconds(options->token_max_life_ms) + 2 * seconds(options->token_leeway_ms);
}

static int open_revocations(struct trust *trust)
{
    const char *path = trust->options->revocations;
    struct revocation_file_report report = {0};
    trust->revocations = revocations_new(REVOCATIONS_MAX, revocation_life_s(trust));
    if (path == NULL)
        return 0;
    int err = revocation_file_load(path, trust->revocations, &report);
    if (err < 0) {
        LOG(LOG_ERROR, "auth.no_revocations", NO_SESSION, "%s: line %zu: %s", path, report.lines,
            err == ERR_SYSTEM ? strerror(errno) : err_text(err));
        return err;
    }
    if (report.is_torn)
        LOG(LOG_WARN, "auth.torn_revocation", NO_SESSION,
            "%s: the last entry was cut short, and is left out", path);
    return 0;
}

/* What has expired meanwhile, and an entry that a crash cut short, are not written again. */
int trust_keep_revocations(struct trust *trust)
{
    const char *path = trust->options->revocations;
    revocations_forget(trust->revocations, clock_wall_ms() / 1000);
    int err = path != NULL ? revocation_file_rewrite(path, trust->revocations) : 0;
    if (err < 0)
        LOG(LOG_ERROR, "auth.no_revocations", NO_SESSION, "%s: it can't be written: %s", path,
            err == ERR_SYSTEM ? strerror(errno) : err_text(err));
    return err;
}

static int open_operators_token(struct trust *trust)
{
    const char *path = trust->options->admin_token_file;
    struct buf contents = {0};
    if (trust->options->admin == NULL)
        return 0;
    int err = key_file_read(path, KEY_SET_BYTES, &contents);
    const char *why = err == ERR_SYSTEM ? strerror(errno) : err_text(err);
    struct span secret = secret_trim(buf_span(&contents));
    if (err == 0 && secret.len < SECRET_BYTES_MIN) {
        why = "it has less than 32 bytes";
        err = ERR_INVALID;
    }
    if (err == 0)
        err = buf_append(&trust->operators_token, secret);
    if (err < 0)
        LOG(LOG_ERROR, "admin.no_token", NO_SESSION, "%s: %s", path, why);
    key_file_forget(&contents);
    return err;
}

bool trust_is_operator(const struct trust *trust, struct span token)
{
    struct span own = buf_span(&trust->operators_token);
    return own.len > 0 && secret_equals(own, token);
}

struct trust *trust_open(const struct options *options)
{
    struct trust *trust = mem_must(sizeof *trust);
    struct token_account_limits limits = {
        .sessions = options->max_sessions_per_token,
        .messages_per_second = options->max_messages_per_token,
    };
    trust->options = options;
    trust->failed = failed_tokens_new(options->max_failed_tokens_per_second);
    trust->failed_operators = failed_tokens_new(options->max_failed_tokens_per_second);
    trust->accounts = token_accounts_new(&limits);
    int err = open_revocations(trust);
    if (err == 0 && trust_needs_tokens(trust))
        err = open_issuers(trust);
    if (err == 0)
        err = open_groups(trust);
    if (err == 0)
        err = open_operators_token(trust);
    if (err < 0)
        trust_close(&trust);
    return trust;
}

void trust_close(struct trust **trust)
{
    struct trust *it = *trust;
    if (it == NULL)
        return;
    key_fetcher_free(&it->fetcher);
    for (size_t i = 0; i < it->issuer_count; i++) {
        issuer_fini(&it->issuers[i]);
        if (it->texts[i] != NULL)
            key_text_drop(it->texts[i]);
    }
    key_file_forget(&it->operators_token);
    auth_groups_drop(&it->groups);
    revocations_free(&it->revocations);
    failed_tokens_free(&it->failed);
    failed_tokens_free(&it->failed_operators);
    token_accounts_free(&it->accounts);
    mem_free(it);
    *trust = NULL;
}

/* --- to the shards -------------------------------------------------------------------------------------------------- */

void keys_mail_free(struct keys_mail *mail)
{
    if (mail->text != NULL)
        key_text_drop(mail->text);
    mem_free(mail);
}

void groups_mail_free(struct groups_mail *mail)
{
    auth_groups_drop(&mail->groups);
    mem_free(mail);
}

static void post_keys(const struct trust *trust, size_t issuer, struct key_text *text)
{
    for (size_t i = 0; i < trust->shard_count; i++) {
        struct keys_mail *mail = mem_must(sizeof *mail);
        *mail = (struct keys_mail){.mail = {MAIL_KEYS}, .issuer = issuer};
        mail->text = text != NULL ? key_text_hold(text) : NULL;
        if (shard_post(trust->shards[i], &mail->mail) < 0)
            keys_mail_free(mail);
    }
}

static void post_groups(const struct trust *trust)
{
    for (size_t i = 0; i < trust->shard_count; i++) {
        struct groups_mail *mail = mem_must(sizeof *mail);
        *mail = (struct groups_mail){.mail = {MAIL_GROUPS}};
        mail->groups = auth_groups_hold(trust->groups);
        if (shard_post(trust->shards[i], &mail->mail) < 0)
            groups_mail_free(mail);
    }
}

static int post_revocation_to(struct shard *shard, const struct revocation *revocation,
                              bool is_lifted)
{
    struct revoke_mail *mail = mem_try(sizeof *mail + revocation->name.len);
    if (mail == NULL)
        return ERR_NO_MEMORY;
    mail->mail.kind = MAIL_REVOKE;
    mail->is_lifted = is_lifted;
    mail->revocation = *revocation;
    mail->revocation.name = span_of(mail->name, revocation->name.len);
    if (revocation->name.len > 0)
        memcpy(mail->name, revocation->name.data, revocation->name.len);
    int err = shard_post(shard, &mail->mail);
    if (err < 0)
        mem_free(mail);
    return err;
}

static int post_to_all(const struct trust *trust, const struct revocation *revocation,
                       bool is_lifted)
{
    int err = 0;
    for (size_t i = 0; i < trust->shard_count; i++) {
        int posted = post_revocation_to(trust->shards[i], revocation, is_lifted);
        err = err < 0 ? err : posted;
    }
    return err;
}

int trust_post_revocation(const struct trust *trust, const struct revocation *revocation)
{
    return post_to_all(trust, revocation, false);
}

int trust_post_pardon(const struct trust *trust, const struct revocation *revocation)
{
    return post_to_all(trust, revocation, true);
}

/* In the fetcher's thread. */
static void on_report(void *context, const struct key_fetch_report *report)
{
    post_keys(context, report->issuer, report->text);
}

static bool fetches(const struct trust *trust)
{
    for (size_t i = 0; i < trust->issuer_count; i++)
        if (trust->issuers[i].source == ISSUER_KEYS_URL)
            return true;
    return false;
}

int trust_start(struct trust *trust, struct shard *const *shards, size_t count)
{
    struct key_fetcher_options options = {
        .issuers = trust->issuers,
        .issuer_count = trust->issuer_count,
        .limits = {trust->options->jwks_refresh_ms, trust->options->jwks_min_interval_ms},
        .on_report = on_report,
        .context = trust,
    };
    trust->shards = shards;
    trust->shard_count = count;
    if (!fetches(trust))
        return 0;
    trust->fetcher = key_fetcher_new(&options);
    return trust->fetcher != NULL ? 0 : ERR_SYSTEM;
}

void trust_stop(struct trust *trust)
{
    if (trust->fetcher != NULL)
        key_fetcher_stop(trust->fetcher);
}

static void reload_issuer(struct trust *trust, size_t index)
{
    struct key_text *text = NULL;
    if (trust->issuers[index].source == ISSUER_KEYS_URL)
        trust_ask_for_keys(trust, index);
    else if (read_keys(&trust->issuers[index], &text) == 0) {
        post_keys(trust, index, text);
        key_text_drop(trust->texts[index]);
        trust->texts[index] = text;
    }
}

void trust_reload(struct trust *trust)
{
    struct auth_groups *groups = NULL;
    for (size_t i = 0; i < trust->issuer_count; i++)
        reload_issuer(trust, i);
    if (trust->options->groups == NULL || read_groups(trust->options->groups, &groups) < 0)
        return;
    bool is_new = trust->groups == NULL || !auth_groups_equal(trust->groups, groups);
    auth_groups_drop(&trust->groups);
    trust->groups = groups;
    if (is_new)
        post_groups(trust); /* what each session may follow is looked at again */
}

/* --- asked by shards ------------------------------------------------------------------------------------------------ */

bool trust_needs_tokens(const struct trust *trust)
{
    return trust->options->auth == AUTH_JWT;
}

int64_t trust_leeway_s(const struct trust *trust)
{
    return seconds(trust->options->token_leeway_ms);
}

uint64_t trust_patience_ms(const struct trust *trust)
{
    return trust->options->token_timeout_ms;
}

static int copy_revocation(void *ctx, const struct revocation *revocation)
{
    return revocations_add(ctx, revocation);
}

/* They were checked when they were read. */
static void set_keys(const struct trust *trust, struct authority *authority)
{
    for (size_t i = 0; i < trust->issuer_count; i++)
        if (trust->texts[i] != NULL && is_secret(&trust->issuers[i]))
            CHECK(authority_set_secret(authority, i, key_text_span(trust->texts[i])) == 0);
        else if (trust->texts[i] != NULL)
            CHECK(authority_set_keys(authority, i, key_text_span(trust->texts[i])) == 0);
}

struct authority *trust_new_authority(const struct trust *trust, authority_refresh_fn *refresh,
                                      void *ctx)
{
    struct authority_issuer issuers[AUTHORITY_ISSUERS];
    for (size_t i = 0; i < trust->issuer_count; i++)
        issuers[i] = (struct authority_issuer){
            .iss = trust->issuers[i].iss,
            .aud = trust->issuers[i].aud,
            .alg = trust->issuers[i].alg,
            .is_refreshed = trust->issuers[i].source == ISSUER_KEYS_URL,
        };
    struct authority_options options = {
        .issuers = issuers,
        .issuer_count = trust->issuer_count,
        .leeway_s = trust_leeway_s(trust),
        .max_life_s = seconds(trust->options->token_max_life_ms),
        .max_revocations = REVOCATIONS_MAX,
        .revocation_life_s = revocation_life_s(trust),
        .refresh = refresh,
        .ctx = ctx,
    };
    struct authority *authority = authority_new(&options);
    authority_set_groups(authority, trust->groups);
    set_keys(trust, authority);
    CHECK(revocations_visit(trust->revocations, copy_revocation,
                            authority_revocations(authority)) == 0);
    return authority;
}

bool trust_issuer_is_secret(const struct trust *trust, size_t issuer)
{
    return is_secret(&trust->issuers[issuer]);
}

bool trust_ask_for_keys(struct trust *trust, size_t issuer)
{
    return trust->fetcher != NULL && key_fetcher_ask(trust->fetcher, issuer) <= PATIENCE_MS;
}

struct failed_tokens *trust_failed_tokens(const struct trust *trust)
{
    return trust->failed;
}

struct failed_tokens *trust_failed_operators(const struct trust *trust)
{
    return trust->failed_operators;
}

struct token_accounts *trust_accounts(const struct trust *trust)
{
    return trust->accounts;
}

struct revocations *trust_revocations(const struct trust *trust)
{
    return trust->revocations;
}
