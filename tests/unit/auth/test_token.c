#include "auth/token.h"

#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "auth/claims.h"
#include "auth/groups.h"
#include "base/base64url.h"
#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/guard.h"
#include "tests/lib/test.h"
#include "tests/lib/token_kit.h"

#define NOW INT64_C(1777600000)
#define GOOD_CLAIMS "{\"sub\":\"7\",\"exp\":1777600600}"

static EVP_PKEY *rsa;
static EVP_PKEY *p256;
static EVP_PKEY *p384;
static struct key_set *keys;
static struct buf text; /* the token at hand */

static int set_up(__attribute__((unused)) void **state)
{
    struct buf jwks = {0};
    rsa = kit_rsa();
    p256 = kit_p256();
    p384 = kit_p384();
    kit_append_jwks(&jwks);
    int err = key_set_parse(buf_span(&jwks), KEY_ALG_COUNT, &keys);
    buf_fini(&jwks);
    return err;
}

static int tear_down(__attribute__((unused)) void **state)
{
    key_set_free(&keys);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(p256);
    EVP_PKEY_free(p384);
    buf_fini(&text);
    return 0;
}

TEST_SETUP(set_up);
TEST_TEARDOWN(tear_down);

static struct token_rules rules(void)
{
    return (struct token_rules){
        .keys = keys, .now_s = NOW, .leeway_s = 2, .max_life_s = 86400 * 400};
}

static struct kit_signer with_secret(void)
{
    return (struct kit_signer){.alg = "HS256", .secret = kit_secret()};
}

/* The token at hand becomes this one. */
static void sign(struct kit_signer signer, const char *header, const char *claims)
{
    text.len = 0;
    kit_append_token(&text, &signer, header, claims);
}

static void sign_claims(const char *claims)
{
    sign(with_secret(), "{\"alg\":\"HS256\",\"kid\":\"secret\"}", claims);
}

static void become(const char *token)
{
    text.len = 0;
    assert_int_equal(buf_append_text(&text, token), 0);
}

/* As token_verify(), of the token at hand, before an unreadable page. */
static int verify(const struct token_rules *given, struct pass **pass, enum token_refusal *refusal)
{
    struct guard guard = guard_copy(text.data, text.len);
    struct token *token = NULL;
    int result = token_open(span_of(guard.data, guard.len), &token, refusal);
    if (token != NULL) {
        result = token_verify(token, given, pass, refusal);
        token_free(&token);
    }
    guard_fini(&guard);
    assert_int_equal(ERR_peek_error(), 0);
    return result;
}

static struct pass *accept_with(struct token_rules given)
{
    struct pass *pass = NULL;
    enum token_refusal refusal = TOKEN_REFUSAL_COUNT;
    int result = verify(&given, &pass, &refusal);
    if (result == 0)
        print_message("refused: %s\n", token_refusal_name(refusal));
    assert_int_equal(result, 1);
    assert_non_null(pass);
    return pass;
}

static void expect_accepted_with(struct token_rules given)
{
    struct pass *pass = accept_with(given);
    pass_free(&pass);
}

static void expect_accepted(void)
{
    expect_accepted_with(rules());
}

static void expect_refused_with(struct token_rules given, enum token_refusal expected)
{
    struct pass *pass = NULL;
    enum token_refusal refusal = TOKEN_REFUSAL_COUNT;
    assert_int_equal(verify(&given, &pass, &refusal), 0);
    assert_null(pass);
    assert_string_equal(token_refusal_name(refusal), token_refusal_name(expected));
}

static void expect_refused(enum token_refusal expected)
{
    expect_refused_with(rules(), expected);
}

TEST(a_token_of_each_algorithm_is_accepted)
{
    sign(with_secret(), "{\"alg\":\"HS256\",\"kid\":\"secret\"}", GOOD_CLAIMS);
    expect_accepted();
    sign((struct kit_signer){"RS256", rsa, {0}}, "{\"alg\":\"RS256\",\"kid\":\"rsa\"}",
         GOOD_CLAIMS);
    expect_accepted();
    sign((struct kit_signer){"PS256", rsa, {0}}, "{\"alg\":\"PS256\",\"kid\":\"pss\"}",
         GOOD_CLAIMS);
    expect_accepted();
    sign((struct kit_signer){"ES256", p256, {0}}, "{\"alg\":\"ES256\",\"kid\":\"p256\"}",
         GOOD_CLAIMS);
    expect_accepted();
    sign((struct kit_signer){"ES384", p384, {0}}, "{\"alg\":\"ES384\",\"kid\":\"p384\"}",
         GOOD_CLAIMS);
    expect_accepted();
}

TEST(longer_hashes_are_accepted_where_the_secret_is_pinned_to_them)
{
    static const char *const algs[] = {"HS384", "HS512"};
    static const enum key_alg pinned[] = {KEY_ALG_HS384, KEY_ALG_HS512};
    for (int i = 0; i < 2; i++) {
        char header[64];
        struct token_rules given = rules();
        struct key_set *one = NULL;
        assert_int_equal(key_set_of_secret(kit_secret(), pinned[i], &one), 0);
        snprintf(header, sizeof header, "{\"alg\":\"%s\"}", algs[i]);
        sign((struct kit_signer){algs[i], NULL, kit_secret()}, header, GOOD_CLAIMS);
        given.keys = one;
        expect_accepted_with(given);
        expect_refused(TOKEN_bad_alg);
        key_set_free(&one);
    }
}

TEST(a_token_made_by_another_program_is_accepted)
{
    /* RFC 7515 appendix A.1: its key, and its token, which expired in 2011. */
    static const char jwk[] =
        "{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75"
        "aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow\"}";
    struct key_set *one = NULL;
    struct token_rules given = rules();
    assert_int_equal(key_set_parse(span_of_text(jwk), KEY_ALG_COUNT, &one), 0);
    become("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
           ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
           "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
           ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    given.keys = one;
    given.iss = "joe";
    given.now_s = 1300819379;
    expect_accepted_with(given);
    key_set_free(&one);
}

TEST(a_pass_says_what_the_token_says)
{
    sign_claims("{\"sub\":\"7\",\"jti\":\"a-1\",\"iat\":1777599990,\"exp\":1777600600,\"rate\":5,"
                "\"follows\":20,\"publish\":[8,\"van-*\"],\"follow\":[9]}");
    struct pass *pass = accept_with(rules());
    assert_string_equal(pass->subject, "7");
    assert_string_equal(pass->token_id, "a-1");
    assert_true(pass->issued_s == 1777599990 && pass->expires_s == 1777600600);
    assert_int_equal(pass->rate, 5);
    assert_int_equal(pass->follows, 20);
    assert_true(pass_may_publish(pass, span_of_text("7")));
    assert_true(pass_may_publish(pass, span_of_text("8")));
    assert_true(pass_may_publish(pass, span_of_text("van-2")));
    assert_false(pass_may_publish(pass, span_of_text("9")));
    assert_true(pass_may_follow(pass, span_of_text("7")));
    assert_true(pass_may_follow(pass, span_of_text("9")));
    assert_false(pass_may_follow(pass, span_of_text("8")));
    pass_free(&pass);
}

TEST(a_token_that_says_nothing_lets_its_bearer_do_nothing)
{
    sign_claims("{\"exp\":1777600600}");
    struct pass *pass = accept_with(rules());
    assert_null(pass->subject);
    assert_null(pass->token_id);
    assert_true(pass->issued_s == INT64_MIN);
    assert_int_equal(pass->rate, 0);
    assert_int_equal(pass->follows, 0);
    assert_false(pass_may_publish(pass, span_of_text("7")));
    assert_false(pass_may_follow(pass, span_of_text("7")));
    pass_free(&pass);
}

TEST(everybody_is_followed_by_a_star_as_text_or_in_the_list)
{
    static const char *const claims[] = {"{\"exp\":1777600600,\"follow\":\"*\"}",
                                         "{\"exp\":1777600600,\"follow\":[1,\"*\"]}"};
    for (int i = 0; i < 2; i++) {
        sign_claims(claims[i]);
        struct pass *pass = accept_with(rules());
        assert_true(grants_allow_all(pass->follow));
        assert_true(pass_may_follow(pass, span_of_text("anybody")));
        assert_false(pass_may_publish(pass, span_of_text("anybody")));
        pass_free(&pass);
    }
}

TEST(a_group_is_followed_but_not_published_for)
{
    struct auth_groups *groups = NULL;
    char message[AUTH_GROUPS_MESSAGE_BYTES];
    struct token_rules given = rules();
    assert_int_equal(auth_groups_parse(span_of_text("{\"elite\":[1,2]}"), &groups, message), 0);
    given.groups = groups;
    sign_claims("{\"exp\":1777600600,\"follow\":[\"group:elite\",\"group:none\"],"
                "\"publish\":[\"group:elite\"]}");
    struct pass *pass = accept_with(given);
    auth_groups_drop(&groups);
    assert_true(pass_may_follow(pass, span_of_text("2")));
    assert_false(pass_may_follow(pass, span_of_text("3")));
    assert_false(pass_may_follow(pass, span_of_text("group:none")));
    assert_false(pass_may_publish(pass, span_of_text("2")));
    assert_false(pass_may_publish(pass, span_of_text("group:elite")));
    pass_free(&pass);
}

TEST(what_is_not_three_parts_of_base64url_is_malformed)
{
    static const char *const junk[] = {
        "",
        ".",
        "..",
        "...",
        "a",
        "a.b",
        "a..c",
        ".b.c",
        "a.b.",
        "e30.e30.",
        "e30.e30.e30.e30",
        "e30.e30.e30.e30.e30",
        "e3$.e30.AAAA",
        "e30=.e30.AAAA",
        "e31.e30.AAAA",
        "e.e30.AAAA",
        " e30.e30.AAAA",
        "e30.e30.AAAA\n",
        "e30.e30.AA==",
        "\xff\xfe.\xff.\xff",
    };
    for (size_t i = 0; i < sizeof junk / sizeof *junk; i++) {
        become(junk[i]);
        expect_refused(TOKEN_malformed);
    }
    text.len = 0;
    assert_int_equal(buf_append(&text, span_of("\0\0.\0.\0", 6)), 0);
    expect_refused(TOKEN_malformed);
}

TEST(a_header_that_is_no_good_json_is_malformed)
{
    static const char *const headers[] = {
        "",
        "{",
        "[]",
        "7",
        "null",
        "\"alg\"",
        "{}",
        "{\"alg\":null}",
        "{\"alg\":256}",
        "{\"alg\":[\"HS256\"]}",
        "{\"alg\":\"HS256\",\"alg\":\"HS256\"}",
        "{\"alg\":\"HS256\",\"kid\":\"secret\",\"kid\":\"secret\"}",
        "{\"alg\":\"HS256\",\"kid\":7}",
        "{\"alg\":\"HS256\",\"kid\":null}",
        "{\"alg\":\"HS256\",\"kid\":[\"secret\"]}",
        "{\"alg\":\"HS256\",\"kid\":\"secret\\u0000\"}",
        "{\"alg\":\"HS256\\u0000\",\"kid\":\"secret\"}",
        "{\"alg\":\"HS256\",\"kid\":\"secret\",\"crit\":[\"b64\"],\"b64\":true}",
        "{\"alg\":\"HS256\",\"kid\":\"secret\",\"crit\":[]}",
        "{\"alg\":\"HS256\",\"kid\":\"secret\",\"crit\":[\"alg\"]}",
        "{\"alg\":\"HS256\",\"kid\":\"secret\",\"crit\":null}",
        "{\"alg\":\"HS256\",\"kid\":\"secret\"} ,",
        "{\"alg\":\"HS256\",\"kid\":\"\xff\"}",
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        sign(with_secret(), headers[i], GOOD_CLAIMS);
        expect_refused(TOKEN_malformed);
    }
}

TEST(claims_that_are_no_good_json_are_malformed)
{
    static const char *const claims[] = {
        "",
        "7",
        "[]",
        "{\"exp\":1777600600",
        "{\"exp\":1777600600,\"exp\":1777600600}",
        "{\"exp\":1777600600,\"sub\":\"7\\u0000\"}",
        "{\"exp\":99999999999999999999}",
        "{\"exp\":1e999}",
        "{\"exp\":1777600600}x",
        "{\"exp\":1777600600,\"sub\":\"\xc3\"}",
    };
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
        sign_claims(claims[i]);
        expect_refused(TOKEN_malformed);
    }
}

static void sign_nested(size_t depth)
{
    struct buf claims = {0};
    buf_append_text(&claims, "{\"exp\":1777600600,\"x\":");
    for (size_t i = 1; i < depth; i++)
        buf_append_text(&claims, "[");
    for (size_t i = 1; i < depth; i++)
        buf_append_text(&claims, "]");
    assert_int_equal(buf_append(&claims, span_of("}", 2)), 0);
    sign_claims((const char *)claims.data);
    buf_fini(&claims);
}

TEST(claims_are_nested_to_a_bounded_depth)
{
    sign_nested(CLAIMS_DEPTH);
    expect_accepted();
    sign_nested(CLAIMS_DEPTH + 1);
    expect_refused(TOKEN_malformed);
    sign_nested(2900);
    expect_refused(TOKEN_malformed);
}

static void sign_padded(size_t padding)
{
    static char claims[TOKEN_BYTES];
    snprintf(claims, sizeof claims, "{\"exp\":1777600600,\"x\":\"%0*d\"}", (int)padding, 0);
    sign_claims(claims);
}

TEST(a_token_over_the_limit_is_too_big)
{
    size_t padding = 6000;
    do
        sign_padded(padding++);
    while (text.len < TOKEN_BYTES - 1);
    assert_true(text.len <= TOKEN_BYTES);
    expect_accepted();
    while (text.len <= TOKEN_BYTES)
        sign_padded(padding++);
    expect_refused(TOKEN_too_big);
}

TEST(algorithms_that_are_not_taken_are_refused)
{
    static const char *const algs[] = {"none",   "None",   "NONE",  "",       "hs256",
                                       "HS256 ", "RS384",  "RS512", "PS384",  "PS512",
                                       "ES512",  "ES256K", "EdDSA", "RSA1_5", "HS1"};
    for (size_t i = 0; i < sizeof algs / sizeof *algs; i++) {
        char header[64];
        snprintf(header, sizeof header, "{\"alg\":\"%s\",\"kid\":\"secret\"}", algs[i]);
        sign(with_secret(), header, GOOD_CLAIMS);
        expect_refused(TOKEN_bad_alg);
    }
}

TEST(a_token_without_signature_is_refused)
{
    sign_claims(GOOD_CLAIMS);
    while (text.data[text.len - 1] != '.')
        text.len--;
    expect_refused(TOKEN_malformed);
    become("eyJhbGciOiJub25lIn0.eyJleHAiOjE3Nzc2MDA2MDB9.");
    expect_refused(TOKEN_malformed);
}

TEST(an_rsa_key_is_never_taken_for_a_secret)
{
    /* The classic: HS256 with the text of the public key for a secret. */
    struct buf jwk = {0};
    kit_append_jwk(&jwk, rsa, "");
    struct kit_signer signer = {"HS256", NULL, buf_span(&jwk)};
    sign(signer, "{\"alg\":\"HS256\",\"kid\":\"rsa\"}", GOOD_CLAIMS);
    expect_refused(TOKEN_bad_alg);
    sign(signer, "{\"alg\":\"HS256\"}", GOOD_CLAIMS);
    expect_refused(TOKEN_bad_signature);
    buf_fini(&jwk);
}

TEST(a_key_takes_no_algorithm_but_its_own)
{
    /* The key can do it, and the signature is right. */
    sign((struct kit_signer){"PS256", rsa, {0}}, "{\"alg\":\"PS256\",\"kid\":\"rsa\"}",
         GOOD_CLAIMS);
    expect_refused(TOKEN_bad_alg);
    sign((struct kit_signer){"RS256", rsa, {0}}, "{\"alg\":\"RS256\",\"kid\":\"pss\"}",
         GOOD_CLAIMS);
    expect_refused(TOKEN_bad_alg);
    sign((struct kit_signer){"ES384", p256, {0}}, "{\"alg\":\"ES384\",\"kid\":\"p256\"}",
         GOOD_CLAIMS);
    expect_refused(TOKEN_bad_alg);
    sign((struct kit_signer){"HS512", NULL, kit_secret()}, "{\"alg\":\"HS512\",\"kid\":\"secret\"}",
         GOOD_CLAIMS);
    expect_refused(TOKEN_bad_alg);
}

TEST(a_token_names_its_key_or_there_is_just_one)
{
    sign(with_secret(), "{\"alg\":\"HS256\",\"kid\":\"Secret\"}", GOOD_CLAIMS);
    expect_refused(TOKEN_unknown_key);
    sign(with_secret(), "{\"alg\":\"HS256\",\"kid\":\"\"}", GOOD_CLAIMS);
    expect_refused(TOKEN_unknown_key);
    sign(with_secret(), "{\"alg\":\"HS256\"}", GOOD_CLAIMS);
    expect_accepted();
    sign((struct kit_signer){"ES384", p384, {0}}, "{\"alg\":\"ES384\"}", GOOD_CLAIMS);
    expect_accepted();
}

TEST(a_key_in_the_header_is_not_looked_at)
{
    EVP_PKEY *own = kit_new_ec("P-256");
    struct buf header = {0};
    buf_append_text(&header, "{\"alg\":\"ES256\",\"jku\":\"https://example.net/k\",\"jwk\":");
    kit_append_jwk(&header, own, "");
    assert_int_equal(buf_append(&header, span_of("}", 2)), 0);
    sign((struct kit_signer){"ES256", own, {0}}, (const char *)header.data, GOOD_CLAIMS);
    expect_refused(TOKEN_bad_signature);
    buf_fini(&header);
    EVP_PKEY_free(own);
}

TEST(the_key_of_somebody_else_is_of_no_use)
{
    EVP_PKEY *other_rsa = kit_new_rsa(2048);
    EVP_PKEY *other_p384 = kit_new_ec("P-384");
    struct span other_secret = span_of_text("another secret of just as many bytes");
    sign((struct kit_signer){"HS256", NULL, other_secret}, "{\"alg\":\"HS256\",\"kid\":\"secret\"}",
         GOOD_CLAIMS);
    expect_refused(TOKEN_bad_signature);
    sign((struct kit_signer){"RS256", other_rsa, {0}}, "{\"alg\":\"RS256\",\"kid\":\"rsa\"}",
         GOOD_CLAIMS);
    expect_refused(TOKEN_bad_signature);
    sign((struct kit_signer){"PS256", other_rsa, {0}}, "{\"alg\":\"PS256\",\"kid\":\"pss\"}",
         GOOD_CLAIMS);
    expect_refused(TOKEN_bad_signature);
    sign((struct kit_signer){"ES384", other_p384, {0}}, "{\"alg\":\"ES384\",\"kid\":\"p384\"}",
         GOOD_CLAIMS);
    expect_refused(TOKEN_bad_signature);
    EVP_PKEY_free(other_rsa);
    EVP_PKEY_free(other_p384);
}

/* The token at hand, with `signature` in place of its own. */
static void replace_signature(struct span signature)
{
    while (text.data[text.len - 1] != '.')
        text.len--;
    kit_append_base64url(&text, signature);
}

TEST(a_signature_of_another_length_or_of_zeros_is_refused)
{
    static const uint8_t zeros[512];
    static const char *const headers[] = {
        "{\"alg\":\"HS256\",\"kid\":\"secret\"}", "{\"alg\":\"RS256\",\"kid\":\"rsa\"}",
        "{\"alg\":\"PS256\",\"kid\":\"pss\"}",    "{\"alg\":\"ES256\",\"kid\":\"p256\"}",
        "{\"alg\":\"ES384\",\"kid\":\"p384\"}",
    };
    static const size_t lengths[] = {1,  2,  31, 32, 33,  63,  64,  65,
                                     66, 95, 96, 97, 255, 256, 257, 512};
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        for (size_t j = 0; j < sizeof lengths / sizeof *lengths; j++) {
            sign(with_secret(), headers[i], GOOD_CLAIMS);
            replace_signature(span_of(zeros, lengths[j]));
            expect_refused(TOKEN_bad_signature);
        }
    }
}

TEST(an_ecdsa_signature_in_der_is_refused)
{
    /* What OpenSSL itself makes of a signature, and other formats have; 70 to 72 bytes. */
    uint8_t der[80];
    size_t len = sizeof der;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    sign((struct kit_signer){"ES256", p256, {0}}, "{\"alg\":\"ES256\",\"kid\":\"p256\"}",
         GOOD_CLAIMS);
    size_t signed_len = text.len;
    while (text.data[signed_len - 1] != '.')
        signed_len--;
    assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, p256), 1);
    assert_int_equal(EVP_DigestSign(ctx, der, &len, text.data, signed_len - 1), 1);
    EVP_MD_CTX_free(ctx);
    replace_signature(span_of(der, len));
    expect_refused(TOKEN_bad_signature);
}

/* The token at hand is signed by ES256: what is signed gets its two numbers so many bytes longer, and so many bytes behind them. */
static void stretch_signature(size_t zeros_before, size_t behind)
{
    uint8_t halves[64];
    uint8_t stretched[80] = {0};
    size_t len = 0;
    size_t from = text.len;
    while (text.data[from - 1] != '.')
        from--;
    assert_int_equal(base64url_decode(span_of(text.data + from, text.len - from), halves, &len), 0);
    assert_int_equal(len, 64);
    memcpy(stretched + zeros_before, halves, 32);
    memcpy(stretched + 32 + 2 * zeros_before, halves + 32, 32);
    replace_signature(span_of(stretched, 64 + 2 * zeros_before + behind));
}

TEST(an_ecdsa_signature_with_bytes_that_change_nothing_is_refused)
{
    /* cjose cuts a signature in the middle, whatever its length: it would take each of these. */
    struct kit_signer signer = {"ES256", p256, {0}};
    for (size_t zeros = 0; zeros < 3; zeros++) {
        for (size_t behind = 0; behind < 2; behind++) {
            sign(signer, "{\"alg\":\"ES256\",\"kid\":\"p256\"}", GOOD_CLAIMS);
            stretch_signature(zeros, behind);
            if (zeros + behind == 0)
                expect_accepted();
            else
                expect_refused(TOKEN_bad_signature);
        }
    }
}

TEST(no_changed_byte_of_a_token_goes_unnoticed)
{
    static const char replacements[] = "Aa0-_.=\xff";
    struct kit_signer signers[] = {{"HS256", NULL, kit_secret()}, {"ES256", p256, {0}}};
    static const char *const headers[] = {"{\"alg\":\"HS256\",\"kid\":\"secret\"}",
                                          "{\"alg\":\"ES256\",\"kid\":\"p256\"}"};
    for (int i = 0; i < 2; i++) {
        sign(signers[i], headers[i], GOOD_CLAIMS);
        for (size_t at = 0; at < text.len; at++) {
            for (size_t j = 0; j < sizeof replacements; j++) {
                struct token_rules given = rules();
                struct pass *pass = NULL;
                enum token_refusal refusal;
                uint8_t before = text.data[at];
                text.data[at] = (uint8_t)replacements[j];
                if (text.data[at] != before)
                    assert_int_equal(verify(&given, &pass, &refusal), 0);
                text.data[at] = before;
            }
        }
    }
    expect_accepted();
}

TEST(no_part_of_a_token_is_accepted)
{
    sign_claims(GOOD_CLAIMS);
    for (size_t whole = text.len; text.len > 0;) {
        struct token_rules given = rules();
        struct pass *pass = NULL;
        enum token_refusal refusal;
        text.len--;
        assert_true(text.len < whole);
        assert_int_equal(verify(&given, &pass, &refusal), 0);
    }
}

TEST(a_token_is_good_until_just_before_it_expires_and_the_leeway_later)
{
    struct token_rules given = rules();
    sign_claims("{\"exp\":1777600000}");
    given.leeway_s = 0;
    given.now_s = 1777599999;
    expect_accepted_with(given);
    given.now_s = 1777600000;
    expect_refused_with(given, TOKEN_expired);
    given.leeway_s = 2;
    given.now_s = 1777600001;
    expect_accepted_with(given);
    given.now_s = 1777600002;
    expect_refused_with(given, TOKEN_expired);
}

TEST(a_token_is_over_three_seconds_after_its_end_however_large_the_leeway)
{
    struct token_rules given = rules();
    sign_claims("{\"exp\":1777600000}");
    given.leeway_s = 300;
    given.now_s = 1777600002;
    expect_accepted_with(given);
    given.now_s = 1777600003;
    expect_refused_with(given, TOKEN_expired);
}

TEST(a_token_is_good_from_nbf_and_iat_on_and_the_leeway_earlier)
{
    static const char *const claims[] = {"{\"exp\":1777600600,\"nbf\":1777600000}",
                                         "{\"exp\":1777600600,\"iat\":1777600000}"};
    for (int i = 0; i < 2; i++) {
        struct token_rules given = rules();
        sign_claims(claims[i]);
        given.now_s = 1777600000;
        given.leeway_s = 0;
        expect_accepted_with(given);
        given.now_s = 1777599999;
        expect_refused_with(given, TOKEN_not_yet_valid);
        given.leeway_s = 1;
        expect_accepted_with(given);
    }
}

TEST(a_token_lives_no_longer_than_it_may)
{
    struct token_rules given = rules();
    given.max_life_s = 600;
    sign_claims("{\"exp\":1777600600}");
    expect_accepted_with(given);
    sign_claims("{\"exp\":1777600601}");
    expect_refused_with(given, TOKEN_lives_too_long);
    sign_claims("{\"exp\":1777600601,\"iat\":1777600001}");
    expect_accepted_with(given);
    sign_claims("{\"exp\":1777600600,\"iat\":1777599999}");
    expect_refused_with(given, TOKEN_lives_too_long);
}

TEST(times_at_the_ends_of_the_range_are_compared_right)
{
    sign_claims("{\"exp\":9223372036854775807}");
    expect_refused(TOKEN_lives_too_long);
    sign_claims("{\"exp\":-9223372036854775808}");
    expect_refused(TOKEN_expired);
    sign_claims("{\"exp\":9223372036854775807,\"iat\":-9223372036854775808}");
    expect_refused(TOKEN_lives_too_long);
    sign_claims("{\"exp\":1777600600,\"nbf\":9223372036854775807}");
    expect_refused(TOKEN_not_yet_valid);
    sign_claims("{\"exp\":1e300}");
    expect_refused(TOKEN_lives_too_long);
    sign_claims("{\"exp\":-1e300}");
    expect_refused(TOKEN_expired);
    sign_claims("{\"exp\":1777600600.75}");
    expect_accepted();
}

TEST(claims_of_the_wrong_type_are_refused)
{
    static const char *const claims[] = {
        "{}",
        "{\"sub\":\"7\"}",
        "{\"exp\":null}",
        "{\"exp\":\"1777600600\"}",
        "{\"exp\":true}",
        "{\"exp\":[1777600600]}",
        "{\"exp\":1777600600,\"nbf\":\"0\"}",
        "{\"exp\":1777600600,\"iat\":null}",
        "{\"exp\":1777600600,\"iss\":7}",
        "{\"exp\":1777600600,\"aud\":7}",
        "{\"exp\":1777600600,\"aud\":[\"a\",7]}",
        "{\"exp\":1777600600,\"aud\":null}",
        "{\"exp\":1777600600,\"sub\":7}",
        "{\"exp\":1777600600,\"sub\":\"\"}",
        "{\"exp\":1777600600,\"sub\":null}",
        "{\"exp\":1777600600,\"jti\":7}",
        "{\"exp\":1777600600,\"jti\":\"\"}",
        "{\"exp\":1777600600,\"publish\":7}",
        "{\"exp\":1777600600,\"publish\":\"*\"}",
        "{\"exp\":1777600600,\"publish\":{\"a\":1}}",
        "{\"exp\":1777600600,\"publish\":null}",
        "{\"exp\":1777600600,\"publish\":[\"\"]}",
        "{\"exp\":1777600600,\"publish\":[7.0]}",
        "{\"exp\":1777600600,\"publish\":[[7]]}",
        "{\"exp\":1777600600,\"publish\":[null]}",
        "{\"exp\":1777600600,\"follow\":\"7\"}",
        "{\"exp\":1777600600,\"follow\":\"**\"}",
        "{\"exp\":1777600600,\"follow\":[true]}",
        "{\"exp\":1777600600,\"rate\":0}",
        "{\"exp\":1777600600,\"rate\":-1}",
        "{\"exp\":1777600600,\"rate\":1.5}",
        "{\"exp\":1777600600,\"rate\":\"1\"}",
        "{\"exp\":1777600600,\"follows\":0}",
        "{\"exp\":1777600600,\"follows\":null}",
    };
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
        sign_claims(claims[i]);
        expect_refused(TOKEN_bad_claims);
    }
}

/* So many zeros between what stands before and behind them. */
static void sign_zeros(const char *before, int count, const char *behind)
{
    char claims[1024];
    snprintf(claims, sizeof claims, "{\"exp\":1777600600,%s%0*d%s}", before, count, 0, behind);
    sign_claims(claims);
}

TEST(names_and_ids_have_a_longest_length)
{
    static const struct {
        const char *before;
        int longest;
        const char *behind;
    } cases[] = {
        {"\"sub\":\"", PASS_NAME_BYTES, "\""},           {"\"jti\":\"", PASS_NAME_BYTES, "\""},
        {"\"publish\":[\"", GRANT_ID_BYTES, "\"]"},      {"\"follow\":[\"", GRANT_ID_BYTES, "*\"]"},
        {"\"follow\":[\"group:", GRANT_ID_BYTES, "\"]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sign_zeros(cases[i].before, cases[i].longest, cases[i].behind);
        expect_accepted();
        sign_zeros(cases[i].before, cases[i].longest + 1, cases[i].behind);
        expect_refused(TOKEN_bad_claims);
    }
}

static void sign_list(const char *name, int count)
{
    struct buf claims = {0};
    buf_printf(&claims, "{\"exp\":1777600600,\"%s\":[0", name);
    for (int i = 1; i < count; i++)
        buf_printf(&claims, ",%d", i);
    assert_int_equal(buf_append(&claims, span_of("]}", 3)), 0);
    sign_claims((const char *)claims.data);
    buf_fini(&claims);
}

TEST(a_list_has_at_most_a_thousand_entries)
{
    static const char *const names[] = {"publish", "follow"};
    for (int i = 0; i < 2; i++) {
        sign_list(names[i], TOKEN_LIST_ENTRIES);
        expect_accepted();
        sign_list(names[i], TOKEN_LIST_ENTRIES + 1);
        expect_refused(TOKEN_bad_claims);
    }
}

TEST(limits_in_a_token_over_the_range_count_as_the_largest)
{
    sign_claims("{\"exp\":1777600600,\"rate\":4294967296,\"follows\":4294967295}");
    struct pass *pass = accept_with(rules());
    assert_true(pass->rate == UINT32_MAX && pass->follows == UINT32_MAX);
    pass_free(&pass);
}

TEST(integers_of_64_bits_are_ids)
{
    sign_claims("{\"exp\":1777600600,\"publish\":[-9223372036854775808,9223372036854775807]}");
    struct pass *pass = accept_with(rules());
    assert_true(pass_may_publish(pass, span_of_text("-9223372036854775808")));
    assert_true(pass_may_publish(pass, span_of_text("9223372036854775807")));
    pass_free(&pass);
}

TEST(the_issuer_is_compared_exactly)
{
    struct token_rules given = rules();
    given.iss = "https://race.example/";
    sign_claims("{\"exp\":1777600600,\"iss\":\"https://race.example/\"}");
    expect_accepted_with(given);
    expect_accepted();
    sign_claims("{\"exp\":1777600600,\"iss\":\"https://race.example\"}");
    expect_refused_with(given, TOKEN_unknown_issuer);
    sign_claims("{\"exp\":1777600600}");
    expect_refused_with(given, TOKEN_unknown_issuer);
}

TEST(the_audience_is_looked_for_and_refused_where_none_is_expected)
{
    struct token_rules given = rules();
    given.aud = "live";
    sign_claims("{\"exp\":1777600600,\"aud\":\"live\"}");
    expect_accepted_with(given);
    expect_refused(TOKEN_wrong_audience);
    sign_claims("{\"exp\":1777600600,\"aud\":[\"other\",\"live\"]}");
    expect_accepted_with(given);
    expect_refused(TOKEN_wrong_audience);
    sign_claims("{\"exp\":1777600600,\"aud\":[\"other\",\"Live\"]}");
    expect_refused_with(given, TOKEN_wrong_audience);
    sign_claims("{\"exp\":1777600600,\"aud\":[]}");
    expect_refused_with(given, TOKEN_wrong_audience);
    expect_refused(TOKEN_wrong_audience);
    sign_claims("{\"exp\":1777600600}");
    expect_refused_with(given, TOKEN_wrong_audience);
}

TEST(without_keys_nothing_is_accepted)
{
    struct token_rules given = rules();
    given.keys = NULL;
    sign_claims(GOOD_CLAIMS);
    expect_refused_with(given, TOKEN_no_keys);
}

TEST(what_costs_little_is_looked_at_first)
{
    struct token_rules given = rules();
    given.keys = NULL;
    given.iss = "a";
    sign_claims("{\"exp\":1,\"iss\":\"b\",\"aud\":\"c\"}");
    expect_refused_with(given, TOKEN_unknown_issuer);
    sign_claims("{\"exp\":1,\"iss\":\"a\",\"aud\":\"c\"}");
    expect_refused_with(given, TOKEN_expired);
    sign_claims("{\"exp\":1777600600,\"iss\":\"a\",\"aud\":\"c\"}");
    expect_refused_with(given, TOKEN_wrong_audience);
    sign_claims("{\"exp\":1777600600,\"iss\":\"a\",\"sub\":7}");
    expect_refused_with(given, TOKEN_no_keys);
}

TEST(without_memory_nothing_is_accepted_and_nothing_lost)
{
    int result = ERR_NO_MEMORY;
    long successes = 0;
    sign_claims("{\"exp\":1777600600,\"sub\":\"7\",\"jti\":\"a\",\"publish\":[1],\"follow\":[2]}");
    while (result == ERR_NO_MEMORY) {
        struct token_rules given = rules();
        struct pass *pass = NULL;
        enum token_refusal refusal;
        mem_fail_after(successes++);
        result = verify(&given, &pass, &refusal);
        mem_fail_after(-1);
        assert_true(result == ERR_NO_MEMORY ? pass == NULL : pass != NULL);
        pass_free(&pass);
    }
    assert_int_equal(result, 1);
    assert_true(successes > 5);
}
