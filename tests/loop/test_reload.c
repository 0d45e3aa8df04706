/* SIGHUP while the mailbox of a shard is full: what was read anew reaches every shard all the same. */
#include "app/reload.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

#include "app/access.h"
#include "app/admission.h"
#include "app/certificates.h"
#include "app/routes.h"
#include "app/shard.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "tests/lib/pki.h"
#include "tests/lib/test.h"
#include "tests/lib/token_kit.h"

#define SHARDS 2
#define MAILS_MAX 100000
#define TURNS_MAX 10000
#define RUNNER "9"

static struct pki *pki;
static struct options options;
static struct admission *admission;
static struct trust *trust;
static struct certificates *certificates;
static struct shard *shards[SHARDS];
static struct tls_context *first_tls; /* held, so that no other comes to lie there */
static EVP_PKEY *new_key;
static _Atomic int waits; /* how often the poster found a mailbox full */
static _Atomic bool is_done;

/* In place of libuv's: shard_post() calls it when a mailbox is full, and nothing else here does. */
void uv_sleep(unsigned int ms)
{
    (void)ms;
    atomic_fetch_add(&waits, 1);
    sched_yield();
}

static void set(enum option_id id, const char *value)
{
    struct option_origin origin = {.source = SOURCE_FLAG};
    assert_int_equal(options_set(&options, option_of(id), value, origin), 0);
}

static void write_jwks(EVP_PKEY *key, const char *kid)
{
    struct buf text = {0};
    CHECK(buf_append(&text, span_of_text("{\"keys\":[")) == 0);
    kit_append_jwk(&text, key, kid);
    CHECK(buf_append(&text, span_of("]}", 3)) == 0);
    pki_write(pki, "keys.json", (const char *)text.data);
    buf_fini(&text);
}

static void set_options(void)
{
    char issuer[512];
    options_init(&options);
    snprintf(issuer, sizeof issuer, "keys=%s", pki_path(pki, "keys.json"));
    options.auth = AUTH_JWT;
    set(OPTION_issuer, issuer);
    set(OPTION_groups, pki_path(pki, "groups.json"));
    set(OPTION_tls_cert, pki_path(pki, "server.pem"));
    set(OPTION_tls_key, pki_path(pki, "server.key"));
}

static void make_shards(void)
{
    struct admission_limits limits = {0};
    admission = admission_new(&limits);
    struct shard_options shard_options = {
        .options = &options,
        .routes = &public_routes,
        .admission = admission,
        .trust = trust,
        .tls = certificates_context(certificates),
    };
    for (size_t i = 0; i < SHARDS; i++) {
        shards[i] = shard_new(&shard_options);
        assert_non_null(shards[i]);
    }
    for (size_t i = 0; i < SHARDS; i++)
        shard_introduce(shards[i], shards, SHARDS);
    assert_int_equal(trust_start(trust, shards, SHARDS), 0);
}

static int set_up(void **state)
{
    (void)state;
    log_set_level(LOG_ERROR);
    pki = pki_new("ca");
    EVP_PKEY *old_key = kit_p256();
    write_jwks(old_key, ",\"kid\":\"old\"");
    EVP_PKEY_free(old_key);
    pki_write(pki, "groups.json", "{\"elite\":[\"1\"]}");
    pki_issue(pki, &(struct pki_wish){.file = "server", .name = "localhost"});
    set_options();
    trust = trust_open(&options);
    certificates = certificates_new(&options);
    assert_true(trust != NULL && certificates != NULL);
    first_tls = tls_context_hold(certificates_context(certificates));
    make_shards();
    new_key = kit_new_ec("P-256");
    atomic_store(&waits, 0);
    atomic_store(&is_done, false);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < SHARDS; i++) {
        worker_stop(shards[i]->worker);
        shard_run(shards[i]);
        shard_free(&shards[i]);
    }
    EVP_PKEY_free(new_key);
    tls_context_drop(&first_tls);
    certificates_free(&certificates);
    trust_close(&trust);
    admission_free(&admission);
    options_fini(&options);
    pki_free(&pki);
    return 0;
}

TEST_SETUP(set_up);
TEST_TEARDOWN(tear_down);

static int post_revocation(struct shard *shard)
{
    struct revoke_mail *mail = mem_must(sizeof *mail);
    *mail = (struct revoke_mail){.mail = {MAIL_REVOKE}, .revocation = {.kind = REVOKED_BEFORE}};
    int err = worker_post(shard->worker, &mail->mail);
    if (err < 0)
        mem_free(mail);
    return err;
}

static void fill_mailbox(struct shard *shard)
{
    int count = 0;
    while (post_revocation(shard) == 0)
        assert_true(++count < MAILS_MAX);
    assert_int_equal(post_revocation(shard), ERR_FULL);
}

static void *reload_all(void *context)
{
    (void)context;
    reload(trust, certificates, shards, SHARDS);
    atomic_store(&is_done, true);
    return NULL;
}

static void turn(struct shard *shard)
{
    uv_run(worker_loop(shard->worker), UV_RUN_NOWAIT);
}

/* The certificate is posted last. That there is mail may be told a turn later than it was posted. */
static void take_all_mail(struct shard *shard)
{
    for (int turns = 0; shard->tls == first_tls && turns < TURNS_MAX; turns++)
        turn(shard);
}

/* A token by the new key, for the runner that is in the group only now. */
static bool knows_what_is_new(struct shard *shard)
{
    char claims[128];
    struct buf token = {0};
    struct kit_signer signer = {.alg = "ES256", .key = new_key};
    long long now_s = clock_wall_ms() / 1000;
    snprintf(claims, sizeof claims, "{\"follow\":[\"group:elite\"],\"iat\":%lld,\"exp\":%lld}",
             now_s, now_s + 600);
    kit_append_token(&token, &signer, "{\"alg\":\"ES256\",\"kid\":\"new\"}", claims);
    struct access_question question = {.token = buf_span(&token)};
    struct access_answer answer;
    bool is_granted = access_ask(shard->access, &question, &answer) == ACCESS_GRANTED;
    bool knows = is_granted && pass_may_follow(answer.permit->pass, span_of_text(RUNNER));
    if (is_granted)
        access_free_permit(shard->access, &answer.permit);
    buf_fini(&token);
    return knows;
}

/* The full one is not turned before somebody has waited for it. */
static void reload_while_full(struct shard *full)
{
    pthread_t main_thread;
    for (size_t i = 0; i < SHARDS; i++)
        assert_false(knows_what_is_new(shards[i]));
    write_jwks(new_key, ",\"kid\":\"new\"");
    pki_write(pki, "groups.json", "{\"elite\":[\"" RUNNER "\"]}");
    pki_issue(pki, &(struct pki_wish){.file = "server", .name = "localhost"});
    fill_mailbox(full);
    assert_int_equal(pthread_create(&main_thread, NULL, reload_all, NULL), 0);
    while (atomic_load(&waits) == 0)
        sched_yield();
    assert_false(atomic_load(&is_done));
    for (size_t i = 0; !atomic_load(&is_done); i++)
        turn(shards[i % SHARDS]);
    pthread_join(main_thread, NULL);
    for (size_t i = 0; i < SHARDS; i++) {
        take_all_mail(shards[i]);
        assert_true(knows_what_is_new(shards[i]));
        assert_ptr_equal(shards[i]->tls, certificates_context(certificates));
        assert_ptr_not_equal(shards[i]->tls, first_tls);
    }
}

TEST(a_reload_reaches_every_shard_also_when_the_first_ones_mailbox_is_full)
{
    reload_while_full(shards[0]);
}

TEST(a_reload_reaches_every_shard_also_when_the_last_ones_mailbox_is_full)
{
    reload_while_full(shards[SHARDS - 1]);
}
