/*
 * The fetcher against a played server on loopback: what servers do well, badly and never.
 */
#include "auth/key_fetcher.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "auth/key_set.h"
#include "base/mem.h"
#include "tests/lib/played_http.h"
#include "tests/lib/test.h"

#define BOUND_SECONDS 60
#define HOUR_MS 3600000

/* RFC 7515 appendix A.3.1, the public half. */
#define KEYS                                                                                       \
    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","                                                \
    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","                                       \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}"
#define OK_HEAD "HTTP/1.1 200 OK\r\nConnection: close\r\n"
static const char good[] = OK_HEAD "\r\n" KEYS;

/* What the fetcher reported. */
static struct heard {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int reports;
    enum key_fetch_result result; /* of the last */
    size_t issuer;
    struct key_text *text; /* held; NULL: the last had none */
} heard = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static struct played_http *server;
static struct key_fetcher *fetcher;

static void on_report(void *context, const struct key_fetch_report *report)
{
    struct heard *it = context;
    pthread_mutex_lock(&it->lock);
    if (it->text != NULL)
        key_text_drop(it->text);
    it->text = report->text == NULL ? NULL : key_text_hold(report->text);
    it->result = report->result;
    it->issuer = report->issuer;
    it->reports++;
    pthread_cond_broadcast(&it->changed);
    pthread_mutex_unlock(&it->lock);
}

/* Wait for report number `count`, or a later one; the last one's result. */
static enum key_fetch_result await_report(int count)
{
    struct timespec until;
    int late = 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += BOUND_SECONDS;
    pthread_mutex_lock(&heard.lock);
    while (heard.reports < count && late == 0)
        late = pthread_cond_timedwait(&heard.changed, &heard.lock, &until);
    enum key_fetch_result result = heard.result;
    int reports = heard.reports;
    pthread_mutex_unlock(&heard.lock);
    if (reports < count)
        fail_msg("%d reports came, not %d", reports, count);
    return result;
}

static int begin(void **state)
{
    (void)state;
    server = played_http_new(NULL);
    played_http_answer(server, good, sizeof good - 1);
    return 0;
}

static int end(void **state)
{
    (void)state;
    key_fetcher_free(&fetcher);
    played_http_free(&server);
    if (heard.text != NULL)
        key_text_drop(heard.text);
    heard.text = NULL;
    heard.reports = 0;
    return 0;
}

TEST_SETUP(begin);
TEST_TEARDOWN(end);

static struct key_fetcher_options patient_options(void)
{
    return (struct key_fetcher_options){
        .limits = {.refresh_ms = HOUR_MS, .min_interval_ms = HOUR_MS},
        .on_report = on_report,
        .context = &heard,
    };
}

static struct issuer issuer_at(const char *url)
{
    struct issuer issuer;
    char spec[512];
    char error[ISSUER_ERROR_BYTES] = "";
    snprintf(spec, sizeof spec, "keys=%s", url);
    if (issuer_parse(spec, &issuer, error) != 0)
        fail_msg("%s: %s", spec, error);
    return issuer;
}

static void start_at(struct key_fetcher_options options, const char *url)
{
    struct issuer issuer = issuer_at(url);
    options.issuers = &issuer;
    options.issuer_count = 1;
    fetcher = key_fetcher_new(&options);
    assert_non_null(fetcher);
    issuer_fini(&issuer);
}

static void start(struct key_fetcher_options options)
{
    start_at(options, played_http_url(server));
}

/* The server answers with these bytes; how the first fetch ends. */
static enum key_fetch_result result_of(const char *answer)
{
    played_http_answer(server, answer, strlen(answer));
    start(patient_options());
    return await_report(1);
}

/* A text of `head`, and `filler` up to so many bytes; the caller frees it. */
static char *filled(const char *head, char filler, size_t bytes)
{
    char *text = mem_must(bytes + 1);
    memset(text, filler, bytes);
    memcpy(text, head, strlen(head));
    return text;
}

TEST(the_keys_are_fetched_at_the_start_and_handed_over)
{
    start(patient_options());
    assert_int_equal(await_report(1), KEY_FETCH_fetched);
    assert_true(span_equals(key_text_span(heard.text), span_of_text(KEYS)));
    assert_int_equal(heard.issuer, 0);
    assert_int_equal(played_http_requests(server), 1);
}

TEST(issuers_without_a_url_are_left_alone)
{
    struct key_fetcher_options options = patient_options();
    struct issuer issuers[] = {
        {.source = ISSUER_SECRET_FILE, .place = "/nonexistent", .alg = KEY_ALG_COUNT},
        issuer_at(played_http_url(server)),
        {.source = ISSUER_KEYS_FILE, .place = "/nonexistent", .alg = KEY_ALG_COUNT},
    };
    options.issuers = issuers;
    options.issuer_count = 3;
    fetcher = key_fetcher_new(&options);
    issuer_fini(&issuers[1]);
    assert_int_equal(await_report(1), KEY_FETCH_fetched);
    assert_int_equal(heard.issuer, 1);
    assert_true(key_fetcher_ask(fetcher, 0) == UINT64_MAX);
    assert_true(key_fetcher_ask(fetcher, 2) == UINT64_MAX);
}

TEST(they_are_fetched_again_in_time)
{
    struct key_fetcher_options options = patient_options();
    options.limits.refresh_ms = 20;
    start(options);
    assert_int_equal(await_report(4), KEY_FETCH_fetched);
    assert_true(played_http_requests(server) >= 4);
}

TEST(who_asks_gets_a_fetch_at_once)
{
    struct key_fetcher_options options = patient_options();
    options.limits.min_interval_ms = 0;
    start(options);
    await_report(1);
    assert_int_equal(key_fetcher_ask(fetcher, 0), 0);
    assert_int_equal(await_report(2), KEY_FETCH_fetched);
    assert_int_equal(played_http_requests(server), 2);
}

TEST(who_asks_within_the_interval_is_told_how_long_it_takes_and_causes_no_fetch)
{
    start(patient_options());
    await_report(1);
    for (int i = 0; i < 1000; i++) {
        uint64_t wait_ms = key_fetcher_ask(fetcher, 0);
        assert_true(wait_ms > HOUR_MS / 2 && wait_ms <= HOUR_MS);
    }
    key_fetcher_free(&fetcher);
    assert_int_equal(played_http_requests(server), 1);
    assert_int_equal(heard.reports, 1);
}

TEST(who_asks_while_one_is_under_way_waits_for_that)
{
    struct key_fetcher_options options = patient_options();
    played_http_answer_and_hold(server, "", 0);
    start(options);
    played_http_await_requests(server, 1);
    assert_int_equal(key_fetcher_ask(fetcher, 0), 0);
    key_fetcher_free(&fetcher);
    assert_int_equal(played_http_requests(server), 1);
}

TEST(after_a_failure_it_tries_again_by_itself)
{
    static const char broken[] = "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n";
    struct key_fetcher_options options = patient_options();
    options.limits.refresh_ms = 20;
    played_http_answer(server, broken, sizeof broken - 1);
    start(options);
    assert_int_equal(await_report(1), KEY_FETCH_bad_status);
    assert_null(heard.text);
    played_http_answer(server, good, sizeof good - 1);
    int count = 2;
    while (await_report(count) != KEY_FETCH_fetched)
        count++;
}

TEST(another_status_than_200_is_a_failure)
{
    assert_int_equal(result_of("HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n" KEYS),
                     KEY_FETCH_bad_status);
}

TEST(an_empty_204_is_a_failure)
{
    assert_int_equal(result_of("HTTP/1.1 204 No Content\r\n\r\n"), KEY_FETCH_bad_status);
}

TEST(a_redirect_is_not_followed)
{
    char answer[256];
    snprintf(answer, sizeof answer,
             "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
             played_http_url(server));
    assert_int_equal(result_of(answer), KEY_FETCH_bad_status);
    assert_int_equal(played_http_requests(server), 1);
}

TEST(garbage_is_a_failure)
{
    assert_int_equal(result_of(OK_HEAD "\r\n<html>no keys here</html>"), KEY_FETCH_malformed);
}

TEST(a_set_without_a_usable_key_is_a_failure)
{
    assert_int_equal(result_of(OK_HEAD "\r\n{\"keys\":[]}"), KEY_FETCH_malformed);
}

TEST(an_empty_answer_is_a_failure)
{
    assert_int_equal(result_of(OK_HEAD "Content-Length: 0\r\n\r\n"), KEY_FETCH_malformed);
}

TEST(a_server_that_hangs_up_is_a_failure)
{
    assert_int_equal(result_of(""), KEY_FETCH_unreachable);
}

TEST(a_server_that_does_not_speak_http_is_a_failure)
{
    assert_int_equal(result_of("220 mail.example ESMTP\r\n"), KEY_FETCH_unreachable);
}

TEST(an_answer_that_is_cut_short_is_a_failure)
{
    assert_int_equal(result_of(OK_HEAD "Content-Length: 9999\r\n\r\n" KEYS), KEY_FETCH_unreachable);
}

TEST(a_refused_connection_is_a_failure)
{
    struct played_http *gone = played_http_new(NULL);
    char url[64];
    snprintf(url, sizeof url, "%s", played_http_url(gone));
    played_http_free(&gone);
    start_at(patient_options(), url);
    assert_int_equal(await_report(1), KEY_FETCH_unreachable);
}

TEST(an_answer_that_says_it_is_huge_is_not_taken)
{
    assert_int_equal(result_of(OK_HEAD "Content-Length: 99999999999\r\n\r\n{"), KEY_FETCH_too_big);
}

TEST(an_answer_that_turns_out_to_be_huge_is_cut_off)
{
    char *answer = filled(OK_HEAD "\r\n", ' ', KEY_SET_BYTES * 8);
    assert_int_equal(result_of(answer), KEY_FETCH_too_big);
    key_fetcher_free(&fetcher);
    played_http_free(&server);
    server = played_http_new(NULL);
    mem_free(answer);
}

TEST(headers_without_end_are_cut_off)
{
    static const char head[] = OK_HEAD;
    char *answer = filled(head, ' ', KEY_FETCH_HEADER_BYTES * 2);
    for (size_t at = sizeof head - 1; at + 100 < KEY_FETCH_HEADER_BYTES * 2; at += 100) {
        memcpy(answer + at, "X-Filler: ", 10);
        memcpy(answer + at + 98, "\r\n", 2);
    }
    assert_int_equal(result_of(answer), KEY_FETCH_too_big);
    key_fetcher_free(&fetcher);
    played_http_free(&server);
    server = played_http_new(NULL);
    mem_free(answer);
}

TEST(a_server_that_never_answers_is_given_up)
{
    struct key_fetcher_options options = patient_options();
    options.timeout_ms = 50;
    played_http_answer_and_hold(server, "", 0);
    start(options);
    assert_int_equal(await_report(1), KEY_FETCH_too_slow);
}

TEST(a_server_that_stops_in_the_middle_is_given_up)
{
    static const char half[] = OK_HEAD "Content-Length: 500\r\n\r\n{\"keys\"";
    struct key_fetcher_options options = patient_options();
    options.timeout_ms = 50;
    played_http_answer_and_hold(server, half, sizeof half - 1);
    start(options);
    assert_int_equal(await_report(1), KEY_FETCH_too_slow);
}

TEST(one_that_hangs_does_not_hold_up_another)
{
    struct played_http *stuck = played_http_new(NULL);
    struct key_fetcher_options options = patient_options();
    struct issuer issuers[] = {issuer_at(played_http_url(stuck)),
                               issuer_at(played_http_url(server))};
    played_http_answer_and_hold(stuck, "", 0);
    options.issuers = issuers;
    options.issuer_count = 2;
    fetcher = key_fetcher_new(&options);
    assert_int_equal(await_report(1), KEY_FETCH_fetched);
    assert_int_equal(heard.issuer, 1);
    played_http_await_requests(stuck, 1);
    key_fetcher_free(&fetcher);
    played_http_free(&stuck);
    issuer_fini(&issuers[0]);
    issuer_fini(&issuers[1]);
}

TEST(it_ends_in_the_middle_of_a_fetch_without_a_report)
{
    played_http_answer_and_hold(server, "HTTP/1.1 200 OK\r\n", 17);
    start(patient_options());
    played_http_await_requests(server, 1);
    key_fetcher_free(&fetcher);
    assert_null(fetcher);
    assert_int_equal(heard.reports, 0);
}

TEST(it_ends_whenever_it_is_told_to)
{
    for (int i = 0; i < 50; i++) {
        start(patient_options());
        key_fetcher_free(&fetcher);
    }
}

/* --- asking from other threads --- */

static void *ask_often(void *context)
{
    for (int i = 0; i < 200; i++)
        key_fetcher_ask(context, 0);
    return NULL;
}

TEST(many_threads_may_ask_while_it_fetches)
{
    struct key_fetcher_options options = patient_options();
    pthread_t threads[3];
    options.limits.min_interval_ms = 0;
    start(options);
    await_report(1);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, fetcher), 0);
    for (size_t i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(await_report(2), KEY_FETCH_fetched);
}

/* --- TLS --- */

/* A server certificate that vouches for itself, for this name, and its file. */
struct certificate {
    SSL_CTX *tls;
    char path[64];
};

static void sign_for(X509 *x509, EVP_PKEY *key, const char *alternative)
{
    X509_NAME *name = X509_get_subject_name(x509);
    X509_set_version(x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509), -HOUR_MS / 1000);
    X509_gmtime_adj(X509_getm_notAfter(x509), HOUR_MS / 1000);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
    X509_set_issuer_name(x509, name);
    X509_set_pubkey(x509, key);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, alternative);
    X509_add_ext(x509, extension, -1);
    X509_EXTENSION_free(extension);
    assert_true(X509_sign(x509, key, EVP_sha256()) > 0);
}

static struct certificate certificate_for(const char *alternative)
{
    struct certificate it = {.tls = SSL_CTX_new(TLS_server_method()),
                             .path = "/tmp/spectate-test-XXXXXX"};
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x509 = X509_new();
    sign_for(x509, key, alternative);
    assert_int_equal(SSL_CTX_use_certificate(it.tls, x509), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(it.tls, key), 1);
    FILE *file = fdopen(mkstemp(it.path), "w");
    assert_int_equal(PEM_write_X509(file, x509), 1);
    fclose(file);
    X509_free(x509);
    EVP_PKEY_free(key);
    return it;
}

static void certificate_fini(struct certificate *certificate)
{
    unlink(certificate->path);
    SSL_CTX_free(certificate->tls);
}

/* How a fetch from a server with this certificate ends, with its own file as `ca=` or without. */
static enum key_fetch_result result_from(const struct certificate *certificate, bool is_trusted)
{
    struct played_http *secure = played_http_new(certificate->tls);
    char place[256];
    played_http_answer(secure, good, sizeof good - 1);
    snprintf(place, sizeof place, "%s%s%s", played_http_url(secure), is_trusted ? " ca=" : "",
             is_trusted ? certificate->path : "");
    start_at(patient_options(), place);
    enum key_fetch_result result = await_report(1);
    key_fetcher_free(&fetcher);
    played_http_free(&secure);
    return result;
}

static enum key_fetch_result result_by_tls(const char *alternative, bool is_trusted)
{
    struct certificate certificate = certificate_for(alternative);
    enum key_fetch_result result = result_from(&certificate, is_trusted);
    certificate_fini(&certificate);
    return result;
}

TEST(a_server_whose_certificate_is_signed_by_the_given_ca_is_trusted)
{
    assert_int_equal(result_by_tls("IP:127.0.0.1", true), KEY_FETCH_fetched);
}

TEST(a_server_whose_certificate_nobody_vouches_for_is_not_trusted)
{
    assert_int_equal(result_by_tls("IP:127.0.0.1", false), KEY_FETCH_untrusted);
}

TEST(a_certificate_for_another_name_is_not_trusted)
{
    assert_int_equal(result_by_tls("DNS:id.example", true), KEY_FETCH_untrusted);
}

TEST(without_the_file_of_the_ca_nobody_is_trusted)
{
    char place[128];
    int port = 0;
    assert_int_equal(sscanf(played_http_url(server), "http://127.0.0.1:%d/", &port), 1);
    snprintf(place, sizeof place, "https://127.0.0.1:%d/ ca=/nonexistent/ca.pem", port);
    start_at(patient_options(), place);
    assert_int_equal(await_report(1), KEY_FETCH_untrusted);
}

TEST(a_server_that_speaks_only_old_tls_is_a_failure)
{
    struct certificate certificate = certificate_for("IP:127.0.0.1");
    SSL_CTX_set_security_level(certificate.tls, 0);
    SSL_CTX_set_max_proto_version(certificate.tls, TLS1_1_VERSION);
    assert_int_equal(result_from(&certificate, true), KEY_FETCH_unreachable);
    certificate_fini(&certificate);
}
