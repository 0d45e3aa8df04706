/* Files that make a context, and what is said of those that don't. */
#include "net/tls_context.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tests/lib/pki.h"
#include "tests/lib/test.h"

#define DAY_S 86400

static struct pki *pki;
static struct tls_tickets *tickets;
static char error[TLS_CONTEXT_ERROR_BYTES];

static int set_up(void **state)
{
    (void)state;
    pki = pki_new("ca");
    tickets = tls_tickets_new();
    pki_issue(pki, &(struct pki_wish){.file = "server", .name = "race"});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pki_free(&pki);
    tls_tickets_drop(&tickets);
    return 0;
}

TEST_SETUP(set_up);
TEST_TEARDOWN(tear_down);

static struct tls_context *load(const char *cert, const char *key, const char *client_ca)
{
    struct tls_server_options options = {
        .cert_file = pki_path(pki, cert),
        .key_file = pki_path(pki, key),
        .client_ca_file = client_ca == NULL ? NULL : pki_path(pki, client_ca),
        .tickets = tickets,
    };
    return tls_context_new_server(&options, error);
}

/* The error begins with the path of `file`, and has `text` in it. */
static void expect_error(const char *file, const char *text)
{
    const char *path = pki_path(pki, file);
    assert_memory_equal(error, path, strlen(path));
    assert_memory_equal(error + strlen(path), ": ", 2);
    if (strstr(error, text) == NULL)
        fail_msg("no '%s' in: %s", text, error);
}

TEST(a_certificate_and_its_key_make_a_context_and_it_says_when_it_runs_out)
{
    struct tls_context *context = load("server.pem", "server.key", NULL);
    assert_non_null(context);
    int64_t days_s = tls_context_expires_s(context) - clock_wall_ms() / 1000;
    assert_in_range(days_s, 30 * DAY_S - 60, 30 * DAY_S);
    struct tls_context *other = tls_context_hold(context);
    tls_context_drop(&context);
    assert_null(context);
    assert_true(tls_context_expires_s(other) > 0);
    tls_context_drop(&other);
}

TEST(a_file_that_is_not_there_is_named)
{
    assert_null(load("none.pem", "server.key", NULL));
    expect_error("none.pem", "No such file");
    assert_null(load("server.pem", "none.key", NULL));
    expect_error("none.key", "No such file");
    assert_null(load("server.pem", "server.key", "none.pem"));
    expect_error("none.pem", "No such file");
}

TEST(a_file_with_something_else_in_it_is_named)
{
    pki_write(pki, "text", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    pki_write(pki, "empty", "");
    assert_null(load("text", "server.key", NULL));
    expect_error("text", "no certificate");
    assert_null(load("empty", "server.key", NULL));
    expect_error("empty", "no certificate");
    assert_null(load("server.key", "server.key", NULL));
    expect_error("server.key", "no certificate");
    assert_null(load("server.pem", "server.pem", NULL));
    expect_error("server.pem", "no private key");
    assert_null(load("server.pem", "empty", NULL));
    expect_error("empty", "no private key");
    assert_null(load("server.pem", "server.key", "empty"));
    expect_error("empty", "no certificate");
}

TEST(a_key_behind_a_passphrase_is_refused_and_nobody_is_asked)
{
    pki_issue(pki, &(struct pki_wish){.file = "locked", .name = "race", .is_encrypted = true});
    assert_null(load("locked.pem", "locked.key", NULL));
    expect_error("locked.key", "passphrase");
}

TEST(a_key_of_another_certificate_is_refused)
{
    pki_issue(pki, &(struct pki_wish){.file = "other", .name = "other"});
    assert_null(load("server.pem", "other.key", NULL));
    expect_error("other.key", "is not that of the certificate in");
    assert_non_null(strstr(error, "server.pem"));
}

TEST(a_key_that_is_too_short_is_refused)
{
    pki_issue(pki, &(struct pki_wish){.file = "weak", .name = "race", .rsa_bits = 1024});
    assert_null(load("weak.pem", "weak.key", NULL));
    expect_error("weak.pem", "too small");
}

TEST(a_client_trusts_a_file_or_the_system)
{
    struct tls_context *context = tls_context_new_client(pki_path(pki, "ca.pem"), error);
    assert_non_null(context);
    assert_int_equal(tls_context_expires_s(context), 0);
    tls_context_drop(&context);
    context = tls_context_new_client(NULL, error);
    assert_non_null(context);
    tls_context_drop(&context);
    assert_null(tls_context_new_client(pki_path(pki, "none.pem"), error));
    expect_error("none.pem", "No such file");
}
