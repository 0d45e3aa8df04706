#include "auth/issuer.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/test.h"

static struct issuer parsed(const char *spec)
{
    struct issuer issuer;
    char error[ISSUER_ERROR_BYTES] = "";
    if (issuer_parse(spec, &issuer, error) != 0)
        fail_msg("'%s': %s", spec, error);
    return issuer;
}

static void expect_good(const char *spec)
{
    struct issuer issuer = parsed(spec);
    issuer_fini(&issuer);
}

/* The error says why by holding `why`; nothing is left to free. */
static void expect_refused(const char *spec, const char *why)
{
    struct issuer issuer;
    char error[ISSUER_ERROR_BYTES] = "";
    assert_int_equal(issuer_parse(spec, &issuer, error), ERR_INVALID);
    if (strstr(error, why) == NULL)
        fail_msg("'%s': '%s' has no '%s'", spec, error, why);
    assert_null(issuer.place);
}

TEST(every_pair_is_taken)
{
    struct issuer issuer = parsed("iss=https://id.example/ aud=race ca=/etc/ca.pem alg=ES384 "
                                  "keys=https://id.example/jwks.json?v=1");
    assert_int_equal(issuer.source, ISSUER_KEYS_URL);
    assert_string_equal(issuer.place, "https://id.example/jwks.json?v=1");
    assert_string_equal(issuer.iss, "https://id.example/");
    assert_string_equal(issuer.aud, "race");
    assert_int_equal(issuer.alg, KEY_ALG_ES384);
    assert_string_equal(issuer.ca, "/etc/ca.pem");
    issuer_fini(&issuer);
    assert_null(issuer.place);
}

TEST(a_secret_is_enough)
{
    struct issuer issuer = parsed("secret=/etc/spectate/secret");
    assert_int_equal(issuer.source, ISSUER_SECRET_FILE);
    assert_string_equal(issuer.place, "/etc/spectate/secret");
    assert_null(issuer.iss);
    assert_null(issuer.aud);
    assert_int_equal(issuer.alg, KEY_ALG_COUNT);
    assert_null(issuer.ca);
    issuer_fini(&issuer);
}

TEST(keys_without_a_scheme_are_a_file)
{
    struct issuer issuer = parsed("keys=keys/race.jwks alg=RS256");
    assert_int_equal(issuer.source, ISSUER_KEYS_FILE);
    assert_string_equal(issuer.place, "keys/race.jwks");
    issuer_fini(&issuer);
}

TEST(blanks_may_be_many_and_a_value_may_hold_an_equals_sign)
{
    struct issuer issuer = parsed("  iss=a=b \t  secret=x=  ");
    assert_string_equal(issuer.iss, "a=b");
    assert_string_equal(issuer.place, "x=");
    issuer_fini(&issuer);
}

TEST(every_known_alg_is_taken_where_it_fits)
{
    expect_good("secret=x alg=HS256");
    expect_good("secret=x alg=HS384");
    expect_good("secret=x alg=HS512");
    expect_good("keys=x alg=HS256");
    expect_good("keys=x alg=PS256");
    expect_good("keys=https://id.example/ alg=ES256");
}

TEST(http_is_taken_from_this_machine_only)
{
    expect_good("keys=http://127.0.0.1:8000/jwks");
    expect_good("keys=http://127.8.9.10/jwks");
    expect_good("keys=http://[::1]:8000/jwks");
    expect_good("keys=http://localhost/jwks");
    expect_refused("keys=http://id.example/jwks", "this machine");
    expect_refused("keys=http://128.0.0.1/jwks", "this machine");
    expect_refused("keys=http://localhost.example/jwks", "this machine");
    expect_refused("keys=http://127.0.0.1.example/jwks", "this machine");
    expect_refused("keys=http://[::2]/jwks", "this machine");
    expect_refused("keys=http://[::ffff:127.0.0.1]/jwks", "this machine");
    expect_refused("keys=http://0.0.0.0/jwks", "this machine");
}

TEST(a_host_that_curl_would_take_for_another_is_judged_as_curl_does)
{
    expect_good("keys=http://2130706433/");
    expect_refused("keys=http://134744072/", "this machine");
    expect_refused("keys=http://127.0.0.1@id.example/", "user name");
    expect_refused("keys=http://localhost:8000@id.example/", "user name");
}

TEST(what_is_no_pair_is_refused)
{
    expect_refused("secret", "name=value");
    expect_refused("secret=x y", "'y'");
    expect_refused("=x secret=y", "no '='");
    expect_refused("jwks=x", "'jwks='");
    expect_refused("Secret=x", "'Secret='");
    expect_refused("sec=x", "'sec='");
    expect_refused("secret= iss=x", "secret= has no value");
    expect_refused("secret=x iss=", "iss= has no value");
    expect_refused("secret=x secret=y", "twice");
    expect_refused("secret=x iss=a iss=a", "twice");
}

TEST(a_long_name_is_cut_in_the_error)
{
    char spec[1000];
    memset(spec, 'n', sizeof spec - 1);
    spec[sizeof spec - 1] = '\0';
    expect_refused(spec, "'nnnnnnnnnnnnnnnn'");
    spec[990] = '=';
    expect_refused(spec, "'nnnnnnnnnnnnnnnn='");
}

TEST(exactly_one_of_keys_and_secret_is_needed)
{
    expect_refused("", "needs keys= or secret=");
    expect_refused(" \t ", "needs keys= or secret=");
    expect_refused("iss=x aud=y", "needs keys= or secret=");
    expect_refused("keys=x secret=y", "both");
}

TEST(an_alg_that_is_unknown_or_does_not_fit_is_refused)
{
    expect_refused("keys=x alg=none", "alg= is");
    expect_refused("keys=x alg=rs256", "alg= is");
    expect_refused("keys=x alg=RS512", "alg= is");
    expect_refused("secret=x alg=RS256", "not of a secret");
    expect_refused("keys=https://id.example/ alg=HS256", "no URL");
}

TEST(a_url_that_can_not_be_fetched_is_refused)
{
    expect_refused("keys=ftp://id.example/jwks", "https:// URL");
    expect_refused("keys=file:///etc/passwd", "URL");
    expect_refused("keys=https://", "no URL");
    expect_refused("keys=https://id.example:99999/", "no URL");
    expect_refused("keys=https://user:word@id.example/", "user name");
    expect_refused("keys=https://:word@id.example/", "user name");
    expect_refused("keys=://id.example/", "URL");
}

TEST(an_at_sign_in_the_path_is_no_user_name)
{
    struct issuer issuer =
        parsed("iss=https://securetoken.google.com/race aud=race keys=https://www.googleapis.com/"
               "service_accounts/v1/jwk/securetoken@system.gserviceaccount.com");
    assert_int_equal(issuer.source, ISSUER_KEYS_URL);
    issuer_fini(&issuer);
}

TEST(a_ca_is_for_https_only)
{
    expect_good("keys=https://id.example/ ca=x");
    expect_refused("keys=http://127.0.0.1/ ca=x", "ca=");
    expect_refused("keys=x ca=x", "ca=");
    expect_refused("secret=x ca=x", "ca=");
}

TEST(control_characters_and_endless_specs_are_refused)
{
    expect_refused("secret=x\niss=y", "control");
    expect_refused("secret=x\x7f", "control");
    expect_refused("secret=x\x1b[2J", "control");
    char *spec = mem_must(ISSUER_SPEC_BYTES + 2);
    memset(spec, 'x', ISSUER_SPEC_BYTES + 1);
    memcpy(spec, "secret=", 7);
    expect_refused(spec, "longer");
    spec[ISSUER_SPEC_BYTES] = '\0';
    expect_good(spec);
    mem_free(spec);
}
