/* Whom a certificate names. */
#include "net/tls_certificate.h"

#include <openssl/pem.h>
#include <stdio.h>

#include "base/mem.h"
#include "tests/lib/pki.h"
#include "tests/lib/test.h"

static void expect_name(const char *common, const char *alternatives, const char *expected)
{
    struct pki *pki = pki_new("ca");
    pki_issue(pki, &(struct pki_wish){.file = "it", .name = common, .alternatives = alternatives});
    FILE *stream = fopen(pki_path(pki, "it.pem"), "r");
    assert_non_null(stream);
    X509 *certificate = PEM_read_X509(stream, NULL, NULL, NULL);
    fclose(stream);
    char *name = tls_certificate_name(certificate);
    if (expected == NULL)
        assert_null(name);
    else
        assert_string_equal(name, expected);
    mem_free(name);
    X509_free(certificate);
    pki_free(&pki);
}

TEST(a_uri_goes_before_all_other_names)
{
    expect_name("cn", "DNS:a.example,email:b@example.org,URI:runner:7,URI:runner:8", "runner:7");
}

TEST(then_comes_the_first_host_name)
{
    expect_name("cn", "IP:127.0.0.1,email:b@example.org,DNS:a.example,DNS:b.example", "a.example");
}

TEST(then_the_first_address_for_mail)
{
    expect_name("cn", "email:b@example.org,IP:127.0.0.1", "b@example.org");
}

TEST(then_the_common_name)
{
    expect_name("Ann \xc3\x96", NULL, "Ann \xc3\x96");
    expect_name("Ann", "IP:127.0.0.1", "Ann");
}

TEST(a_certificate_may_name_nobody)
{
    expect_name(NULL, NULL, NULL);
    expect_name(NULL, "IP:127.0.0.1", NULL);
}

TEST(a_name_with_control_characters_is_none)
{
    expect_name("Ann\nEve", NULL, NULL);
    expect_name("Ann\x7f", NULL, NULL);
}
