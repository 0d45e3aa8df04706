#include "auth/key_set.h"

#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/test.h"
#include "tests/lib/token_kit.h"

static struct buf text; /* the set at hand */
static struct key_set *set;
static EVP_PKEY *rsa;
static EVP_PKEY *p256;
static EVP_PKEY *p384;

static int set_up(__attribute__((unused)) void **state)
{
    rsa = kit_rsa();
    p256 = kit_p256();
    p384 = kit_p384();
    return 0;
}

static int tear_down(__attribute__((unused)) void **state)
{
    key_set_free(&set);
    buf_fini(&text);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(p256);
    EVP_PKEY_free(p384);
    return 0;
}

TEST_SETUP(set_up);
TEST_TEARDOWN(tear_down);

/* The set at hand is read, in place of the one before it. OpenSSL has nothing to complain of afterwards. */
static int parse_for(enum key_alg alg)
{
    key_set_free(&set);
    int err = key_set_parse(buf_span(&text), alg, &set);
    text.len = 0;
    assert_int_equal(ERR_peek_error(), 0);
    return err;
}

static int parse(void)
{
    return parse_for(KEY_ALG_COUNT);
}

static int parse_text(const char *jwks)
{
    text.len = 0;
    assert_int_equal(buf_append_text(&text, jwks), 0);
    return parse();
}

static enum key_search find(const char *kid, enum key_alg alg)
{
    const struct key *key = NULL;
    enum key_search result = key_set_find(set, kid, alg, &key);
    assert_int_equal(result == KEY_FOUND, key != NULL);
    return result;
}

TEST(one_key_by_itself_is_a_set)
{
    kit_append_jwk(&text, p256, ",\"kid\":\"a\",\"use\":\"sig\",\"key_ops\":[\"sign\",\"verify\"]");
    assert_int_equal(parse(), 0);
    assert_int_equal(key_set_count(set), 1);
    assert_int_equal(key_set_skipped(set), 0);
    assert_int_equal(find("a", KEY_ALG_ES256), KEY_FOUND);
}

TEST(keys_are_found_by_their_names_and_pinned_algorithms)
{
    kit_append_jwks(&text);
    assert_int_equal(parse(), 0);
    assert_int_equal(key_set_count(set), 5);
    assert_int_equal(find("rsa", KEY_ALG_RS256), KEY_FOUND);
    assert_int_equal(find("rsa", KEY_ALG_PS256), KEY_OF_OTHER_ALG);
    assert_int_equal(find("pss", KEY_ALG_PS256), KEY_FOUND);
    assert_int_equal(find("p256", KEY_ALG_ES256), KEY_FOUND);
    assert_int_equal(find("p384", KEY_ALG_ES384), KEY_FOUND);
    assert_int_equal(find("secret", KEY_ALG_HS256), KEY_FOUND);
    assert_int_equal(find("secret", KEY_ALG_HS512), KEY_OF_OTHER_ALG);
    assert_int_equal(find("other", KEY_ALG_RS256), KEY_UNKNOWN);
}

TEST(without_a_name_the_only_key_of_the_algorithm_is_found)
{
    buf_append_text(&text, "{\"keys\":[");
    kit_append_jwk(&text, rsa, ",\"kid\":\"a\"");
    buf_append_text(&text, ",");
    kit_append_jwk(&text, p256, "");
    buf_append_text(&text, ",");
    kit_append_jwk(&text, p256, ",\"kid\":\"c\"");
    buf_append_text(&text, "]}");
    assert_int_equal(parse(), 0);
    assert_int_equal(find(NULL, KEY_ALG_RS256), KEY_FOUND);
    assert_int_equal(find(NULL, KEY_ALG_ES256), KEY_UNKNOWN);
    assert_int_equal(find(NULL, KEY_ALG_ES384), KEY_OF_OTHER_ALG);
    assert_int_equal(find("c", KEY_ALG_ES256), KEY_FOUND);
}

TEST(signatures_are_as_long_as_the_key_makes_them)
{
    static const struct {
        const char *kid;
        enum key_alg alg;
        size_t bytes;
    } cases[] = {{"rsa", KEY_ALG_RS256, 256},
                 {"pss", KEY_ALG_PS256, 256},
                 {"p256", KEY_ALG_ES256, 64},
                 {"p384", KEY_ALG_ES384, 96},
                 {"secret", KEY_ALG_HS256, 32}};
    kit_append_jwks(&text);
    assert_int_equal(parse(), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct key *key = NULL;
        assert_int_equal(key_set_find(set, cases[i].kid, cases[i].alg, &key), KEY_FOUND);
        assert_int_equal(key_signature_bytes(key), cases[i].bytes);
    }
}

TEST(keys_that_name_no_algorithm_take_the_configured_one_if_it_suits)
{
    kit_append_jwks(&text);
    assert_int_equal(parse_for(KEY_ALG_PS256), 0);
    assert_int_equal(key_set_count(set), 2);
    assert_int_equal(key_set_skipped(set), 3);
    assert_int_equal(find("rsa", KEY_ALG_PS256), KEY_FOUND);
    assert_int_equal(find("pss", KEY_ALG_PS256), KEY_FOUND);
    kit_append_jwk(&text, rsa, ",\"alg\":\"RS256\"");
    assert_int_equal(parse_for(KEY_ALG_PS256), 0);
    assert_int_equal(find(NULL, KEY_ALG_RS256), KEY_FOUND);
}

/* The set at hand: a good key, and what is appended between the calls. */
static void begin_with_good_key(void)
{
    text.len = 0;
    buf_append_text(&text, "{\"keys\":[");
    kit_append_jwk(&text, p256, ",\"kid\":\"good\"");
    buf_append_text(&text, ",");
}

static void expect_skipped(const char *what)
{
    buf_append_text(&text, "]}");
    assert_int_equal(parse(), 0);
    if (key_set_count(set) != 1)
        print_message("taken: %s\n", what);
    assert_int_equal(key_set_count(set), 1);
    assert_int_equal(key_set_skipped(set), 1);
    assert_int_equal(find("good", KEY_ALG_ES256), KEY_FOUND);
}

TEST(junk_is_skipped_and_counted)
{
    static const char *const junk[] = {
        "7",
        "null",
        "[]",
        "{}",
        "\"key\"",
        "{\"kty\":7}",
        "{\"kty\":\"EC\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":7,\"y\":8}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"\",\"y\":\"\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"AA\",\"y\":\"AA\"}",
        "{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"AA\",\"y\":\"AA\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiML\"}",
        "{\"kty\":\"RSA\"}",
        "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}",
        "{\"kty\":\"RSA\",\"n\":\"!!!!\",\"e\":\"AQAB\"}",
        "{\"kty\":\"oct\"}",
        "{\"kty\":\"oct\",\"k\":\"\"}",
        "{\"kty\":\"oct\",\"k\":\"c2hvcnQ\"}",
        "{\"kty\":\"oct\",\"k\":\"bm90IHBhZGRlZCByaWdodCwgYnV0IGxvbmcgZW5vdWdoIQ==\"}",
        "{\"kty\":\"rsa\",\"n\":\"AQAB\",\"e\":\"AQAB\"}",
    };
    for (size_t i = 0; i < sizeof junk / sizeof *junk; i++) {
        begin_with_good_key();
        buf_append_text(&text, junk[i]);
        expect_skipped(junk[i]);
    }
}

TEST(keys_for_something_else_are_skipped)
{
    static const char *const more[] = {
        ",\"use\":\"enc\"",
        ",\"use\":7",
        ",\"use\":null",
        ",\"key_ops\":[]",
        ",\"key_ops\":[\"sign\"]",
        ",\"key_ops\":\"verify\"",
        ",\"key_ops\":[7,\"encrypt\"]",
        ",\"alg\":\"RSA-OAEP\"",
        ",\"alg\":\"RS512\"",
        ",\"alg\":\"none\"",
        ",\"alg\":7",
        ",\"alg\":null",
        ",\"alg\":\"HS256\"",
        ",\"alg\":\"ES256\"",
        ",\"kid\":7",
        ",\"kid\":null",
    };
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        begin_with_good_key();
        kit_append_jwk(&text, rsa, more[i]);
        expect_skipped(more[i]);
    }
}

TEST(a_curve_goes_with_its_own_algorithm_only)
{
    begin_with_good_key();
    kit_append_jwk(&text, p256, ",\"alg\":\"ES384\"");
    expect_skipped("P-256 for ES384");
    begin_with_good_key();
    kit_append_jwk(&text, p384, ",\"alg\":\"ES256\"");
    expect_skipped("P-384 for ES256");
}

TEST(a_point_of_one_curve_under_the_name_of_another_is_skipped)
{
    struct buf jwk = {0};
    kit_append_jwk(&jwk, p384, ",\"alg\":\"ES384\"");
    memcpy((char *)memmem(jwk.data, jwk.len, "P-384", 5), "P-256", 5);
    begin_with_good_key();
    buf_append(&text, buf_span(&jwk));
    expect_skipped("P-384 as P-256");
    buf_fini(&jwk);
}

/* RFC 7518 section 6.2.1.2: a coordinate is as long as the curve's, zeros in front and all. */
TEST(a_coordinate_without_its_leading_zero_is_skipped)
{
    uint8_t xy[2][32];
    EVP_PKEY *key = NULL;
    do {
        EVP_PKEY_free(key);
        key = kit_new_ec("P-256");
        BIGNUM *number = NULL;
        for (int i = 0; i < 2; i++) {
            assert_int_equal(EVP_PKEY_get_bn_param(key, i == 0 ? "qx" : "qy", &number), 1);
            assert_int_equal(BN_bn2binpad(number, xy[i], 32), 32);
            BN_free(number);
            number = NULL;
        }
    } while (xy[0][0] != 0);
    begin_with_good_key();
    buf_append_text(&text, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"");
    kit_append_base64url(&text, span_of(xy[0] + 1, 31));
    buf_append_text(&text, "\",\"y\":\"");
    kit_append_base64url(&text, span_of(xy[1], 32));
    buf_append_text(&text, "\"}");
    expect_skipped("31 bytes");
    EVP_PKEY_free(key);
}

TEST(a_point_off_the_curve_is_skipped)
{
    struct buf jwk = {0};
    kit_append_jwk(&jwk, p256, "");
    uint8_t *x = (uint8_t *)memmem(jwk.data, jwk.len, "\"x\":\"", 5) + 5;
    *x = *x == 'A' ? 'B' : 'A';
    begin_with_good_key();
    buf_append(&text, buf_span(&jwk));
    expect_skipped("off the curve");
    buf_fini(&jwk);
}

static void skip_rsa(int bits)
{
    EVP_PKEY *key = kit_new_rsa(bits);
    begin_with_good_key();
    kit_append_jwk(&text, key, "");
    expect_skipped("RSA key of another size");
    EVP_PKEY_free(key);
}

TEST(rsa_keys_under_2048_bits_are_skipped)
{
    skip_rsa(1024);
    skip_rsa(2040);
}

/* An RSA key whose modulus is `bytes` long, each of them 0xff but the last. */
static void append_rsa(size_t bytes, uint8_t last, const char *exponent)
{
    static uint8_t modulus[2048];
    memset(modulus, 0xff, bytes);
    modulus[bytes - 1] = last;
    buf_append_text(&text, "{\"kty\":\"RSA\",\"n\":\"");
    kit_append_base64url(&text, span_of(modulus, bytes));
    buf_printf(&text, "\",\"e\":\"%s\"}", exponent);
}

TEST(rsa_numbers_that_no_key_has_are_skipped)
{
    static const struct {
        size_t bytes;
        uint8_t last;
        const char *exponent;
    } cases[] = {
        {256, 0xff, "AQ"},      /* 1: whatever is signed is its own signature */
        {256, 0xff, "AA"},      /* 0 */
        {256, 0xff, "Ag"},      /* 2 */
        {256, 0xff, "AQAC"},    /* even */
        {256, 0xff, "AQAAAAE"}, /* more than 32 bits */
        {256, 0xfe, "AQAB"},    /* an even modulus */
        {255, 0xff, "AQAB"},    /* 2040 bits */
        {1025, 0xff, "AQAB"},   /* 8200 bits */
        {2048, 0xff, "AQAB"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin_with_good_key();
        append_rsa(cases[i].bytes, cases[i].last, cases[i].exponent);
        expect_skipped(cases[i].exponent);
    }
    append_rsa(1024, 0xff, "Aw");
    assert_int_equal(parse(), 0);
}

TEST(leading_zeros_of_a_modulus_do_not_count)
{
    static const uint8_t zeros[2];
    BIGNUM *n = NULL;
    uint8_t bytes[2 + 256] = {0};
    assert_int_equal(EVP_PKEY_get_bn_param(rsa, "n", &n), 1);
    assert_int_equal(BN_bn2binpad(n, bytes + 2, 256), 256);
    BN_free(n);
    assert_memory_equal(bytes, zeros, 2);
    buf_append_text(&text, "{\"kty\":\"RSA\",\"e\":\"AAEAAQ\",\"n\":\"");
    kit_append_base64url(&text, span_of(bytes + 1, 257));
    buf_append_text(&text, "\"}");
    assert_int_equal(parse(), 0);
    const struct key *key = NULL;
    assert_int_equal(key_set_find(set, NULL, KEY_ALG_RS256, &key), KEY_FOUND);
    assert_int_equal(key_signature_bytes(key), 256);
}

TEST(of_a_private_key_the_public_half_is_taken)
{
    kit_append_jwk(&text, p256, ",\"d\":\"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE\"");
    assert_int_equal(parse(), 0);
    struct kit_signer signer = {"ES256", p256, {0}};
    struct buf token = {0};
    const struct key *key = NULL;
    kit_append_token(&token, &signer, "{\"alg\":\"ES256\"}", "{}");
    assert_int_equal(key_set_find(set, NULL, KEY_ALG_ES256, &key), KEY_FOUND);
    assert_int_equal(key_verify(key, buf_span(&token)), 1);
    buf_fini(&token);
}

TEST(the_same_name_and_algorithm_a_second_time_is_skipped)
{
    EVP_PKEY *other = kit_new_ec("P-256");
    begin_with_good_key();
    kit_append_jwk(&text, other, ",\"kid\":\"good\"");
    expect_skipped("twin");
    begin_with_good_key();
    kit_append_jwk(&text, p384, ",\"kid\":\"good\"");
    buf_append_text(&text, "]}");
    assert_int_equal(parse(), 0);
    assert_int_equal(find("good", KEY_ALG_ES256), KEY_FOUND);
    assert_int_equal(find("good", KEY_ALG_ES384), KEY_FOUND);
    EVP_PKEY_free(other);
}

TEST(a_set_without_a_usable_key_is_refused)
{
    assert_int_equal(parse_text("{\"keys\":[]}"), ERR_NOT_FOUND);
    assert_int_equal(parse_text("{\"keys\":[{\"kty\":\"OKP\"},7]}"), ERR_NOT_FOUND);
    assert_int_equal(parse_text("{\"kty\":\"OKP\"}"), ERR_NOT_FOUND);
    assert_null(set);
}

TEST(what_is_no_set_is_refused)
{
    static const char *const wrong[] = {
        "",
        "7",
        "[]",
        "{}",
        "{\"keys\":7}",
        "{\"keys\":{}}",
        "{\"keys\":null}",
        "{\"keys\":[}",
        "{\"keys\":[],\"keys\":[]}",
        "<html></html>",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(parse_text(wrong[i]), ERR_FORMAT);
    struct span big = span_of("{}", KEY_SET_BYTES + 1);
    assert_int_equal(key_set_parse(big, KEY_ALG_COUNT, &set), ERR_TOO_BIG);
    assert_null(set);
}

TEST(there_is_a_limit_on_keys)
{
    buf_append_text(&text, "{\"keys\":[");
    for (int i = 0; i < KEY_SET_KEYS + 3; i++) {
        char more[32];
        snprintf(more, sizeof more, ",\"kid\":\"%d\"", i);
        kit_append_secret_jwk(&text, kit_secret(), more);
        buf_append_text(&text, i < KEY_SET_KEYS + 2 ? "," : "]}");
    }
    assert_int_equal(parse(), 0);
    assert_int_equal(key_set_count(set), KEY_SET_KEYS);
    assert_int_equal(key_set_skipped(set), 3);
}

TEST(a_secret_is_at_least_as_long_as_the_hash)
{
    static const enum key_alg algs[] = {KEY_ALG_HS256, KEY_ALG_HS384, KEY_ALG_HS512};
    static const size_t bytes[] = {32, 48, 64};
    for (int i = 0; i < 3; i++) {
        struct span secret = span_of(kit_secret().data, bytes[i]);
        assert_int_equal(key_set_of_secret(secret, algs[i], &set), 0);
        assert_int_equal(find(NULL, algs[i]), KEY_FOUND);
        assert_int_equal(find("a", algs[i]), KEY_UNKNOWN);
        key_set_free(&set);
        secret.len--;
        assert_int_equal(key_set_of_secret(secret, algs[i], &set), ERR_INVALID);
        assert_null(set);
    }
    assert_int_equal(key_set_of_secret(kit_secret(), KEY_ALG_COUNT, &set), 0);
    assert_int_equal(find(NULL, KEY_ALG_HS256), KEY_FOUND);
    key_set_free(&set);
    assert_int_equal(key_set_of_secret(kit_secret(), KEY_ALG_ES256, &set), ERR_INVALID);
}

TEST(without_memory_no_set_is_made_and_nothing_lost)
{
    struct buf jwks = {0};
    long successes = 0;
    int err;
    kit_append_jwks(&jwks);
    do {
        mem_fail_after(successes++);
        err = key_set_parse(buf_span(&jwks), KEY_ALG_COUNT, &set);
        mem_fail_after(-1);
    } while (err == ERR_NO_MEMORY);
    assert_int_equal(err, 0);
    assert_true(successes > 5);
    key_set_free(&set);
    mem_fail_after(0);
    assert_int_equal(key_set_of_secret(kit_secret(), KEY_ALG_HS256, &set), ERR_NO_MEMORY);
    mem_fail_after(-1);
    buf_fini(&jwks);
}
