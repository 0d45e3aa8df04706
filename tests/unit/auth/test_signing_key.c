#include "auth/signing_key.h"

#include <stdio.h>
#include <string.h>

#include "auth/key_file.h"
#include "auth/key_maker.h"
#include "base/err.h"
#include "tests/lib/test.h"

/* RFC 7515 appendix A.3.1. */
#define X "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\""
#define Y "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""
#define D "\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\""
#define EC "\"kty\":\"EC\",\"crv\":\"P-256\"," X "," Y
#define PRIVATE EC "," D
/* 32 bytes */
#define K "\"k\":\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\""

static const struct signing_key_options no_options = {.alg = KEY_ALG_COUNT};

static struct signing_key *read_key(const char *jwk, const struct signing_key_options *options)
{
    struct signing_key *key = NULL;
    char error[SIGNING_KEY_ERROR_BYTES] = "";
    if (signing_key_of_jwk(span_of_text(jwk), options, &key, error) != 0)
        fail_msg("%s: %s", jwk, error);
    return key;
}

static void expect_alg(const char *jwk, enum key_alg alg)
{
    struct signing_key *key = read_key(jwk, &no_options);
    assert_int_equal(signing_key_alg(key), alg);
    signing_key_free(&key);
}

static void expect_refused_with(const char *jwk, const struct signing_key_options *options,
                                const char *why)
{
    struct signing_key *key = NULL;
    char error[SIGNING_KEY_ERROR_BYTES] = "";
    assert_int_equal(signing_key_of_jwk(span_of_text(jwk), options, &key, error), ERR_INVALID);
    if (strstr(error, why) == NULL)
        fail_msg("%s: '%s' has no '%s'", jwk, error, why);
    assert_null(key);
}

static void expect_refused(const char *jwk, const char *why)
{
    expect_refused_with(jwk, &no_options, why);
}

TEST(the_alg_is_the_keys_own_else_by_its_type)
{
    expect_alg("{" PRIVATE "}", KEY_ALG_ES256);
    expect_alg("{" PRIVATE ",\"alg\":\"ES256\",\"use\":\"sig\"}", KEY_ALG_ES256);
    expect_alg("{\"kty\":\"oct\"," K "}", KEY_ALG_HS256);
}

TEST(an_alg_that_is_asked_for_must_be_the_keys)
{
    struct signing_key_options options = {.alg = KEY_ALG_ES384};
    expect_refused_with("{" PRIVATE "}", &options, "algorithm");
    expect_refused_with("{" PRIVATE ",\"alg\":\"ES256\"}", &options, "for ES256, not for ES384");
    options.alg = KEY_ALG_HS512;
    expect_refused_with("{\"kty\":\"oct\"," K "}", &options, "too short");
}

TEST(a_key_that_may_sign_need_not_say_that_it_may_verify)
{
    expect_alg("{" PRIVATE ",\"key_ops\":[\"sign\"]}", KEY_ALG_ES256);
    expect_refused("{" PRIVATE ",\"key_ops\":[\"verify\"]}", "key_ops");
    expect_refused("{" PRIVATE ",\"key_ops\":\"sign\"}", "key_ops");
    expect_refused("{" PRIVATE ",\"use\":\"enc\"}", "use");
}

TEST(a_public_key_does_not_sign)
{
    expect_refused("{" EC "}", "no private half");
    expect_refused("{\"keys\":[{" EC "}]}", "no private key");
    expect_refused("{\"keys\":[]}", "no private key");
}

TEST(what_is_no_key_is_refused)
{
    expect_refused("", "no JWK");
    expect_refused("[]", "no JWK");
    expect_refused("{", "no JWK");
    expect_refused("{\"kty\":\"EC\",\"kty\":\"EC\"}", "no JWK");
    expect_refused("{}", "no private half");
    expect_refused("{\"kty\":\"EC\",\"crv\":\"P-256\"," D "}", "malformed");
    expect_refused("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AA\"," D "}", "kind");
    expect_refused("{" EC ",\"d\":\"!\"}", "malformed");
    expect_refused("{\"kty\":\"oct\",\"k\":\"c2hvcnQ\"}", "too short");
}

TEST(the_kid_is_the_keys_own_or_the_one_given)
{
    struct signing_key_options options = {.alg = KEY_ALG_COUNT, .kid = "mine"};
    struct signing_key *key = read_key("{" PRIVATE "}", &options);
    assert_string_equal(signing_key_kid(key), "mine");
    signing_key_free(&key);
    key = read_key("{" PRIVATE ",\"kid\":\"own\"}", &no_options);
    assert_string_equal(signing_key_kid(key), "own");
    signing_key_free(&key);
    key = read_key("{" PRIVATE "}", &no_options);
    assert_null(signing_key_kid(key));
    signing_key_free(&key);
    expect_refused_with("{" PRIVATE ",\"kid\":\"own\"}", &options, "another kid");
    options.kid = "";
    expect_refused_with("{" PRIVATE "}", &options, "kid");
}

TEST(of_a_set_the_kid_chooses_else_the_only_private_one_is_taken)
{
    static const char set[] = "{\"keys\":[{" EC ",\"kid\":\"public\"},{" PRIVATE
                              ",\"kid\":\"a\"},{\"kty\":\"oct\"," K ",\"kid\":\"b\"}]}";
    struct signing_key_options options = {.alg = KEY_ALG_COUNT, .kid = "b"};
    struct signing_key *key = read_key(set, &options);
    assert_int_equal(signing_key_alg(key), KEY_ALG_HS256);
    signing_key_free(&key);
    expect_refused(set, "more than one");
    options.kid = "public";
    expect_refused_with(set, &options, "no private half");
    options.kid = "c";
    expect_refused_with(set, &options, "no key of this kid");
    key = read_key("{\"keys\":[{" EC "},{" PRIVATE "}]}", &no_options);
    signing_key_free(&key);
}

TEST(a_secret_is_long_enough_for_its_hash)
{
    static const char bytes[64] =
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    static const size_t least[] = {
        [KEY_ALG_HS256] = 32, [KEY_ALG_HS384] = 48, [KEY_ALG_HS512] = 64};
    for (unsigned alg = KEY_ALG_HS256; alg <= KEY_ALG_HS512; alg++) {
        struct signing_key_options options = {.alg = (enum key_alg)alg};
        struct signing_key *key = NULL;
        char error[SIGNING_KEY_ERROR_BYTES] = "";
        assert_int_equal(signing_key_of_secret(span_of(bytes, least[alg]), &options, &key, error),
                         0);
        signing_key_free(&key);
        assert_int_equal(
            signing_key_of_secret(span_of(bytes, least[alg] - 1), &options, &key, error),
            ERR_INVALID);
        assert_non_null(strstr(error, "bytes at least"));
    }
}

TEST(a_secret_is_not_for_algorithms_of_key_pairs)
{
    struct signing_key_options options = {.alg = KEY_ALG_RS256};
    struct signing_key *key = NULL;
    char error[SIGNING_KEY_ERROR_BYTES] = "";
    struct span secret = span_of_text("0123456789abcdef0123456789abcdef");
    assert_int_equal(signing_key_of_secret(secret, &options, &key, error), ERR_INVALID);
    assert_non_null(strstr(error, "not for RS256"));
}

TEST(a_made_pair_shows_the_public_half_alone_to_the_server)
{
    for (unsigned alg = KEY_ALG_RS256; alg < KEY_ALG_COUNT; alg++) {
        struct key_pair pair;
        char text[4096];
        assert_int_equal(key_maker_pair((enum key_alg)alg, "mine", &pair), 0);
        snprintf(text, sizeof text, "%.*s", (int)pair.public_jwks.len,
                 (const char *)pair.public_jwks.data);
        assert_non_null(strstr(text, "\"kid\":\"mine\""));
        assert_non_null(strstr(text, "\"use\":\"sig\""));
        assert_non_null(strstr(text, key_alg_name((enum key_alg)alg)));
        assert_null(strstr(text, "\"d\""));
        assert_null(strstr(text, "\"p\""));
        expect_refused(text, "no private key");
        key_file_forget(&pair.private_jwk);
        buf_fini(&pair.public_jwks);
    }
}

TEST(a_kid_that_is_not_utf_8_makes_no_pair)
{
    struct key_pair pair;
    assert_int_equal(key_maker_pair(KEY_ALG_ES256, "\xff", &pair), ERR_INVALID);
    assert_null(pair.private_jwk.data);
    assert_null(pair.public_jwks.data);
}
