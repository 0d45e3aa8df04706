#include "app/access.h"

#include <utlist.h>

#include "app/session.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

#define PARKED_MAX 1000
#define PARKED_PER_ADDRESS (PARKED_MAX / 10)
#define TIDY_EVERY_MS 60000

/* A session that waits for keys. */
struct parked {
    struct parked *prev;
    struct parked *next;
    struct session *session; /* borrowed */
    size_t issuer;
    uint64_t waited;   /* issuers, as authority_verify() has them: this one is among them */
    uint64_t since_ms; /* monotonic */
    struct parked_bytes bytes;
};

/* Who goes on after a wait; its next question is that of the token that has waited. */
struct resumed {
    const struct session *session; /* borrowed; NULL: nobody */
    uint64_t waited;
    uint64_t since_ms;
};

struct access {
    struct trust *trust;         /* borrowed */
    struct metrics *metrics;     /* borrowed */
    struct authority *authority; /* owned */
    struct parked *parked;       /* owned, in the order in which they came */
    size_t parked_count;
    struct resumed resumed;
    int64_t leeway_s;
    uint64_t patience_ms; /* of those who wait */
    uint64_t tidy_at_ms;
};

static bool ask_for_keys(void *ctx, size_t issuer)
{
    struct access *access = ctx;
    return trust_ask_for_keys(access->trust, issuer);
}

struct access *access_new(struct trust *trust, struct metrics *metrics)
{
    struct access *access = mem_must(sizeof *access);
    access->trust = trust;
    access->metrics = metrics;
    access->authority = trust_new_authority(trust, ask_for_keys, access);
    access->leeway_s = trust_leeway_s(trust);
    access->patience_ms = trust_patience_ms(trust);
    return access;
}

void access_free(struct access **access)
{
    struct access *it = *access;
    if (it == NULL)
        return;
    CHECK(it->parked == NULL);
    authority_free(&it->authority);
    mem_free(it);
    *access = NULL;
}

bool access_needs_tokens(const struct access *access)
{
    return trust_needs_tokens(access->trust);
}

static int64_t now_s(void)
{
    return clock_wall_ms() / 1000;
}

/* --- tokens --------------------------------------------------------------------------------------------------------- */

static void explain(enum token_refusal reason, struct fault *fault)
{
    switch (reason) {
    case TOKEN_expired:
        fault_set(fault, FAULT_token_expired, "the token has expired");
        return;
    case TOKEN_revoked:
        fault_set(fault, FAULT_token_revoked, "the token is not good any more");
        return;
    case TOKEN_no_keys:
        fault_set(fault, FAULT_keys_missing, "tokens can't be verified yet, try again");
        return;
    default:
        fault_set(fault, FAULT_bad_token, "the token is not good");
    }
}

static void refuse(struct access *access, const struct access_question *question,
                   enum token_refusal reason, struct fault *fault)
{
    explain(reason, fault);
    metrics_add_labelled(access->metrics, METRIC_tokens_refused_total, reason, 1);
    LOG(LOG_DEBUG, "auth.refused", NO_SESSION, "a token was refused: %s",
        token_refusal_name(reason));
    if (reason != TOKEN_no_keys)
        failed_tokens_add(trust_failed_tokens(access->trust), question->address, question->now_ms);
}

static void explain_flood(struct fault *fault)
{
    fault_set(fault, FAULT_too_many_failed_tokens, "too many bad tokens from this address");
}

static bool is_over(struct access *access, const struct access_question *question,
                    struct fault *fault)
{
    struct failed_tokens *failed = trust_failed_tokens(access->trust);
    if (!failed_tokens_is_over(failed, question->address, question->now_ms))
        return false;
    failed_tokens_add_unseen(failed, question->address, question->now_ms);
    explain_flood(fault);
    return true;
}

bool access_shuns(const struct access *access, struct ip address, uint64_t now_ms,
                  struct fault *fault)
{
    if (!failed_tokens_is_shunned(trust_failed_tokens(access->trust), address, now_ms))
        return false;
    explain_flood(fault);
    return true;
}

void access_free_permit(struct access *access, struct permit **permit)
{
    struct permit *it = *permit;
    if (it == NULL)
        return;
    token_accounts_leave(trust_accounts(access->trust), it->account, clock_monotonic_ms());
    pass_free(&it->pass);
    mem_free(it);
    *permit = NULL;
}

/* A session that shows the next token of its own account is not one more. */
static int enter_account(struct access *access, struct permit *permit, struct permit *held)
{
    if (held == NULL || !token_account_is_of(held->account, permit->pass))
        return token_accounts_enter(trust_accounts(access->trust), permit->pass, &permit->account);
    permit->account = held->account;
    held->account = NULL;
    return 0;
}

/* Takes the pass over, whatever comes. */
static int make_permit(struct access *access, struct pass *pass, struct permit *held,
                       struct permit **out)
{
    struct permit *permit = mem_try(sizeof *permit);
    if (permit == NULL) {
        pass_free(&pass);
        return ERR_NO_MEMORY;
    }
    permit->pass = pass;
    int err = enter_account(access, permit, held);
    if (err < 0)
        access_free_permit(access, &permit);
    *out = permit;
    return err;
}

static enum access_verdict grant(struct access *access, struct pass *pass, struct permit *held,
                                 struct access_answer *answer)
{
    int err = make_permit(access, pass, held, &answer->permit);
    if (err == 0) {
        metrics_add(access->metrics, METRIC_tokens_accepted_total, 1);
        return ACCESS_GRANTED;
    }
    if (err == ERR_TOO_MANY)
        fault_set(&answer->fault, FAULT_too_many_sessions_per_token,
                  "the token has its sessions already");
    else
        fault_set(&answer->fault, FAULT_out_of_memory, "no memory for the token");
    return ACCESS_REFUSED;
}

struct permit *access_permit_certificate(struct access *access, struct span name, int64_t expires_s)
{
    struct pass *pass = pass_for_certificate(name);
    struct permit *permit = NULL;
    struct fault ignored;
    if (pass == NULL)
        return NULL;
    pass->expires_s = expires_s;
    if (make_permit(access, pass, NULL, &permit) == 0 &&
        !access_still_holds(access, permit, &ignored))
        access_free_permit(access, &permit);
    return permit;
}

/* For what, and since when, the token of this question has waited. */
static void note_wait(const struct access *access, const struct access_question *question,
                      struct access_answer *answer)
{
    const struct resumed *resumed = &access->resumed;
    bool has_waited = resumed->session == question->session;
    answer->waited = has_waited ? resumed->waited : AUTHORITY_NO_ISSUER;
    answer->since_ms = has_waited ? resumed->since_ms : question->now_ms;
}

/* To have waited in vain is no proof that the token is bad. */
static enum token_refusal reason_of(const struct authority_refusal *refusal, uint64_t waited)
{
    bool is_late = waited == AUTHORITY_EVERY_ISSUER && refusal->reason == TOKEN_unknown_key;
    return is_late ? TOKEN_no_keys : refusal->reason;
}

static enum access_verdict judge(struct access *access, const struct access_question *question,
                                 uint64_t waited, struct access_answer *answer)
{
    struct authority_refusal refusal;
    struct pass *pass = NULL;
    if (is_over(access, question, &answer->fault))
        return ACCESS_REFUSED;
    uint64_t before = authority_verifications(access->authority);
    int result =
        authority_verify(access->authority, question->token, now_s(), waited, &pass, &refusal);
    metrics_add(access->metrics, METRIC_token_signatures_total,
                authority_verifications(access->authority) - before);
    if (result == 1)
        return grant(access, pass, question->held, answer);
    if (result < 0) {
        fault_set(&answer->fault, FAULT_out_of_memory, "no memory for the token");
        return ACCESS_REFUSED;
    }
    answer->issuer = refusal.issuer;
    if (refusal.is_waiting)
        return ACCESS_WAITS;
    refuse(access, question, reason_of(&refusal, waited), &answer->fault);
    return ACCESS_REFUSED;
}

enum access_verdict access_ask(struct access *access, const struct access_question *question,
                               struct access_answer *answer)
{
    *answer = (struct access_answer){0};
    note_wait(access, question, answer);
    access->resumed = (struct resumed){0};
    return judge(access, question, answer->waited, answer);
}

bool access_still_holds(const struct access *access, const struct permit *permit,
                        struct fault *fault)
{
    const struct pass *pass = permit->pass;
    if (pass_end_is_over(pass->expires_s, now_s(), access->leeway_s))
        explain(TOKEN_expired, fault);
    else if (revocations_match(authority_revocations(access->authority), pass))
        explain(TOKEN_revoked, fault);
    else
        return true;
    return false;
}

bool access_takes_message(struct access *access, struct permit *permit, uint64_t now_ms)
{
    return token_account_takes_message(trust_accounts(access->trust), permit->account, permit->pass,
                                       now_ms);
}

/* Those that have expired take no room. */
int access_revoke(struct access *access, const struct revocation *revocation)
{
    struct revocations *revocations = authority_revocations(access->authority);
    revocations_forget(revocations, now_s());
    return revocations_add(revocations, revocation);
}

/* What is not there has been forgotten meanwhile. */
void access_pardon(struct access *access, const struct revocation *revocation)
{
    (void)revocations_remove(authority_revocations(access->authority), revocation);
}

void access_tidy(struct access *access, uint64_t now_ms)
{
    if (now_ms < access->tidy_at_ms)
        return;
    access->tidy_at_ms = now_ms + TIDY_EVERY_MS;
    revocations_forget(authority_revocations(access->authority), now_s());
}

/* --- those who wait for keys ---------------------------------------------------------------------------------------- */

static void free_parked(struct parked *parked)
{
    buf_fini(&parked->bytes.message);
    buf_fini(&parked->bytes.rest);
    mem_free(parked);
}

static struct ip session_customer(const struct session *session)
{
    struct ip address = session_address(session);
    return ip_of_customer(&address);
}

/* One customer must not take all places. */
static bool has_its_share(const struct access *access, const struct session *session)
{
    struct ip customer = session_customer(session);
    const struct parked *at;
    size_t count = 0;
    DL_FOREACH(access->parked, at)
    {
        struct ip other = session_customer(at->session);
        count += ip_equals(&other, &customer);
    }
    return count >= PARKED_PER_ADDRESS;
}

int access_park(struct access *access, const struct access_wait *wait, struct span message)
{
    if (access->parked_count == PARKED_MAX || has_its_share(access, wait->session))
        return ERR_FULL;
    struct parked *parked = mem_try(sizeof *parked);
    if (parked == NULL || buf_append(&parked->bytes.message, message) < 0) {
        mem_free(parked);
        return ERR_NO_MEMORY;
    }
    parked->session = wait->session;
    parked->issuer = wait->issuer;
    parked->waited = wait->waited | UINT64_C(1) << wait->issuer;
    parked->since_ms = wait->since_ms;
    DL_APPEND(access->parked, parked);
    access->parked_count++;
    return 0;
}

static struct parked *find_parked(struct access *access, const struct session *session)
{
    struct parked *at;
    DL_FOREACH(access->parked, at)
    {
        if (at->session == session)
            break;
    }
    return at;
}

int access_park_more(struct access *access, const struct session *session, struct span rest)
{
    struct parked *parked = find_parked(access, session);
    return parked != NULL ? buf_append(&parked->bytes.rest, rest) : 0;
}

static void take_out(struct access *access, struct parked *parked)
{
    DL_DELETE(access->parked, parked);
    access->parked_count--;
}

void access_unpark(struct access *access, const struct session *session)
{
    struct parked *parked = find_parked(access, session);
    if (parked == NULL)
        return;
    take_out(access, parked);
    free_parked(parked);
}

size_t access_parked(const struct access *access)
{
    return access->parked_count;
}

/* Only what waited has waited: not what the session says behind it. */
static void resume_one(struct access *access, struct parked *parked, uint64_t waited,
                       access_resume_fn *resume)
{
    take_out(access, parked);
    access->resumed = (struct resumed){
        .session = parked->session, .waited = waited, .since_ms = parked->since_ms};
    resume(parked->session, &parked->bytes);
    access->resumed = (struct resumed){0};
    free_parked(parked);
}

/* Resuming one may end it or another, or park it again behind all that are here now: so always from the front. */
static void resume_waiting(struct access *access, size_t issuer, access_resume_fn *resume)
{
    for (size_t left = access->parked_count; left > 0 && access->parked != NULL; left--) {
        struct parked *first = access->parked;
        if (first->issuer == issuer) {
            resume_one(access, first, first->waited, resume);
            continue;
        }
        DL_DELETE(access->parked, first);
        DL_APPEND(access->parked, first);
    }
}

void access_end_waits(struct access *access, uint64_t now_ms, access_resume_fn *resume)
{
    for (size_t left = access->parked_count; left > 0 && access->parked != NULL; left--) {
        struct parked *first = access->parked;
        if (now_ms - first->since_ms >= access->patience_ms) {
            resume_one(access, first, AUTHORITY_EVERY_ISSUER, resume);
            continue;
        }
        DL_DELETE(access->parked, first);
        DL_APPEND(access->parked, first);
    }
}

void access_on_keys(struct access *access, struct keys_mail *mail, access_resume_fn *resume)
{
    size_t issuer = mail->issuer;
    int err = ERR_NOT_FOUND;
    if (mail->text == NULL)
        authority_refresh_failed(access->authority, issuer);
    else if (trust_issuer_is_secret(access->trust, issuer))
        err = authority_set_secret(access->authority, issuer, key_text_span(mail->text));
    else
        err = authority_set_keys(access->authority, issuer, key_text_span(mail->text));
    if (mail->text != NULL && err < 0)
        LOG(LOG_WARN, "auth.bad_keys", NO_SESSION, "keys of issuer %zu: %s; the old ones stay",
            issuer, err_text(err));
    keys_mail_free(mail);
    resume_waiting(access, issuer, resume);
}

const struct auth_groups *access_groups(const struct access *access)
{
    return authority_groups(access->authority);
}

void access_on_groups(struct access *access, struct groups_mail *mail)
{
    authority_set_groups(access->authority, mail->groups);
    groups_mail_free(mail);
}

bool access_regroup(const struct access *access, struct permit *permit)
{
    return authority_regroup(access->authority, permit->pass);
}
