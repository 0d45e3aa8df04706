/*
 * Tokens as they are minted, held against OpenSSL itself, and against the reader of the server.
 */
#include "auth/mint.h"

#include <jansson.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <string.h>

#include "auth/key_file.h"
#include "auth/key_maker.h"
#include "auth/key_set.h"
#include "auth/secret.h"
#include "auth/token.h"
#include "base/base64url.h"
#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/test.h"

#define NOW_S 1800000000
#define TEXT_BYTES 16384

/* A new key of an algorithm: what the server gets of it, and what signs. */
struct scene {
    enum key_alg alg;
    struct key_pair pair;
    struct buf secret;
    struct signing_key *key;
    struct buf token;
};

static struct scene scene_for(enum key_alg alg)
{
    struct scene scene = {.alg = alg};
    struct signing_key_options options = {.alg = alg};
    char error[SIGNING_KEY_ERROR_BYTES] = "";
    int err;
    if (key_alg_type(alg) == KEY_TYPE_oct) {
        assert_int_equal(key_maker_secret(alg, &scene.secret), 0);
        err = signing_key_of_secret(secret_trim(buf_span(&scene.secret)), &options, &scene.key,
                                    error);
    } else {
        assert_int_equal(key_maker_pair(alg, NULL, &scene.pair), 0);
        err = signing_key_of_jwk(buf_span(&scene.pair.private_jwk), &options, &scene.key, error);
    }
    if (err != 0)
        fail_msg("%s: %s", key_alg_name(alg), error);
    return scene;
}

static void scene_fini(struct scene *scene)
{
    signing_key_free(&scene->key);
    key_file_forget(&scene->pair.private_jwk);
    buf_fini(&scene->pair.public_jwks);
    key_file_forget(&scene->secret);
    buf_fini(&scene->token);
}

static void mint(struct scene *scene, const struct mint_claims *claims)
{
    scene->token.len = 0;
    assert_int_equal(mint_token(scene->key, claims, &scene->token), 0);
}

static struct mint_claims small_claims(void)
{
    return (struct mint_claims){.subject = "7", .issued_s = NOW_S, .expires_s = NOW_S + 60};
}

/* The three parts of the token; `index` 0 to 2, as text. */
static struct span part(const struct scene *scene, int index)
{
    const char *text = (const char *)scene->token.data;
    const char *end = text + scene->token.len;
    for (; index > 0; index--)
        text = (const char *)memchr(text, '.', (size_t)(end - text)) + 1;
    const char *dot = memchr(text, '.', (size_t)(end - text));
    return span_of(text, (size_t)((dot == NULL ? end : dot) - text));
}

static json_t *json_part(const struct scene *scene, int index)
{
    uint8_t bytes[TEXT_BYTES];
    size_t len;
    assert_int_equal(base64url_decode(part(scene, index), bytes, &len), 0);
    json_t *value = json_loadb((const char *)bytes, len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(value);
    return value;
}

static void expect_json(json_t *value, const char *wanted)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal(text, wanted);
    free(text);
    json_decref(value);
}

/* --- by OpenSSL alone --- */

static const EVP_MD *hash_of(enum key_alg alg)
{
    const char *bits = key_alg_name(alg) + 2;
    return strcmp(bits, "512") == 0   ? EVP_sha512()
           : strcmp(bits, "384") == 0 ? EVP_sha384()
                                      : EVP_sha256();
}

static size_t decode(const json_t *key, const char *member, uint8_t *bytes)
{
    size_t len;
    assert_int_equal(base64url_decode(span_of_text(json_string_value(json_object_get(key, member))),
                                      bytes, &len),
                     0);
    return len;
}

static void push_number(OSSL_PARAM_BLD *build, const char *name, const json_t *key,
                        const char *member)
{
    static BIGNUM *kept[4];
    static size_t next;
    uint8_t bytes[1024];
    size_t len = decode(key, member, bytes);
    BIGNUM **place = &kept[next++ % 4];
    BN_free(*place);
    *place = BN_bin2bn(bytes, (int)len, NULL);
    assert_int_equal(OSSL_PARAM_BLD_push_BN(build, name, *place), 1);
}

static void push_point(OSSL_PARAM_BLD *build, const json_t *key, size_t curve_bits)
{
    static uint8_t point[1 + 2 * 48];
    size_t half = curve_bits / 8;
    point[0] = POINT_CONVERSION_UNCOMPRESSED;
    assert_int_equal(decode(key, "x", point + 1), half);
    assert_int_equal(decode(key, "y", point + 1 + half), half);
    const char *group = curve_bits == 384 ? "P-384" : "P-256";
    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * half);
}

/* The public half as OpenSSL has it, made of the JWKS that is printed for the server. */
static EVP_PKEY *public_key(const struct scene *scene)
{
    EVP_PKEY *key = NULL;
    bool is_rsa = key_alg_type(scene->alg) == KEY_TYPE_RSA;
    struct span text = buf_span(&scene->pair.public_jwks);
    json_t *set = json_loadb((const char *)text.data, text.len, 0, NULL);
    const json_t *jwk = json_array_get(json_object_get(set, "keys"), 0);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    if (is_rsa) {
        push_number(build, OSSL_PKEY_PARAM_RSA_N, jwk, "n");
        push_number(build, OSSL_PKEY_PARAM_RSA_E, jwk, "e");
    } else {
        push_point(build, jwk, key_alg_curve_bits(scene->alg));
    }
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, is_rsa ? "RSA" : "EC", NULL);
    EVP_PKEY_fromdata_init(context);
    assert_int_equal(EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    json_decref(set);
    return key;
}

/* RFC 7518 section 3.4: r and s side by side; OpenSSL wants them in DER. */
static int to_der(const uint8_t *raw, size_t len, uint8_t **der)
{
    ECDSA_SIG *signature = ECDSA_SIG_new();
    ECDSA_SIG_set0(signature, BN_bin2bn(raw, (int)(len / 2), NULL),
                   BN_bin2bn(raw + len / 2, (int)(len / 2), NULL));
    int der_len = i2d_ECDSA_SIG(signature, der);
    ECDSA_SIG_free(signature);
    return der_len;
}

static bool is_signed_by_key_pair(const struct scene *scene, struct span text,
                                  struct span signature)
{
    uint8_t *der = NULL;
    EVP_PKEY *key = public_key(scene);
    EVP_PKEY_CTX *padding = NULL;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_DigestVerifyInit(context, &padding, hash_of(scene->alg), NULL, key);
    if (scene->alg == KEY_ALG_PS256) {
        EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST);
    }
    if (key_alg_type(scene->alg) == KEY_TYPE_EC) {
        size_t len = (size_t)to_der(signature.data, signature.len, &der);
        signature = span_of(der, len);
    }
    int result = EVP_DigestVerify(context, signature.data, signature.len, text.data, text.len);
    OPENSSL_free(der);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return result == 1;
}

static bool is_signed_by_secret(const struct scene *scene, struct span text, struct span signature)
{
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    struct span secret = secret_trim(buf_span(&scene->secret));
    HMAC(hash_of(scene->alg), secret.data, (int)secret.len, text.data, text.len, mac, &len);
    return span_equals(span_of(mac, len), signature);
}

static bool is_signed(const struct scene *scene)
{
    uint8_t bytes[1024];
    size_t len;
    struct span signature = part(scene, 2);
    struct span text = span_of(scene->token.data, scene->token.len - signature.len - 1);
    assert_int_equal(base64url_decode(signature, bytes, &len), 0);
    if (key_alg_type(scene->alg) == KEY_TYPE_oct)
        return is_signed_by_secret(scene, text, span_of(bytes, len));
    return is_signed_by_key_pair(scene, text, span_of(bytes, len));
}

TEST(tokens_of_every_algorithm_are_verified_by_openssl)
{
    struct mint_claims claims = small_claims();
    for (unsigned alg = 0; alg < KEY_ALG_COUNT; alg++) {
        struct scene scene = scene_for((enum key_alg)alg);
        mint(&scene, &claims);
        if (!is_signed(&scene))
            fail_msg("%s: OpenSSL does not verify it", key_alg_name(scene.alg));
        uint8_t *letter = &scene.token.data[scene.token.len - 20]; /* of the signature */
        *letter = *letter == 'A' ? 'B' : 'A';
        assert_false(is_signed(&scene));
        scene_fini(&scene);
    }
}

/* --- by the server's reader --- */

static struct pass *open_as_server(const struct scene *scene, const struct token_rules *more)
{
    struct token_rules rules = *more;
    struct key_set *keys = NULL;
    struct token *token = NULL;
    struct pass *pass = NULL;
    enum token_refusal refusal;
    if (key_alg_type(scene->alg) == KEY_TYPE_oct)
        assert_int_equal(
            key_set_of_secret(secret_trim(buf_span(&scene->secret)), scene->alg, &keys), 0);
    else
        assert_int_equal(key_set_parse(buf_span(&scene->pair.public_jwks), KEY_ALG_COUNT, &keys),
                         0);
    rules.keys = keys;
    rules.max_life_s = 1000;
    assert_int_equal(token_open(buf_span(&scene->token), &token, &refusal), 0);
    assert_non_null(token);
    assert_int_equal(token_verify(token, &rules, &pass, &refusal), 1);
    token_free(&token);
    key_set_free(&keys);
    return pass;
}

TEST(tokens_of_every_algorithm_are_verified_by_the_server)
{
    struct mint_claims claims = small_claims();
    struct token_rules rules = {.now_s = NOW_S};
    for (unsigned alg = 0; alg < KEY_ALG_COUNT; alg++) {
        struct scene scene = scene_for((enum key_alg)alg);
        mint(&scene, &claims);
        struct pass *pass = open_as_server(&scene, &rules);
        assert_true(pass_may_publish(pass, span_of_text("7")));
        pass_free(&pass);
        scene_fini(&scene);
    }
}

TEST(the_server_understands_every_claim)
{
    struct span publish[] = {span_of_text("8"), span_of_text("pro-*")};
    struct span follow[] = {span_of_text("*")};
    struct mint_claims claims = {
        .issuer = "https://race.example",
        .audience = "race",
        .subject = "7",
        .id = "one",
        .publish = publish,
        .publish_count = 2,
        .follow = follow,
        .follow_count = 1,
        .issued_s = NOW_S,
        .not_before_s = NOW_S + 100,
        .expires_s = NOW_S + 200,
        .rate = 5,
        .follows = 6,
    };
    struct token_rules rules = {.iss = "https://race.example", .aud = "race", .now_s = NOW_S + 100};
    struct scene scene = scene_for(KEY_ALG_ES256);
    mint(&scene, &claims);
    struct pass *pass = open_as_server(&scene, &rules);
    assert_string_equal(pass->subject, "7");
    assert_string_equal(pass->token_id, "one");
    assert_int_equal(pass->issued_s, NOW_S);
    assert_int_equal(pass->expires_s, NOW_S + 200);
    assert_int_equal(pass->rate, 5);
    assert_int_equal(pass->follows, 6);
    assert_true(pass_may_publish(pass, span_of_text("8")));
    assert_true(pass_may_publish(pass, span_of_text("pro-1")));
    assert_false(pass_may_publish(pass, span_of_text("9")));
    assert_true(pass_may_follow(pass, span_of_text("9")));
    pass_free(&pass);
    scene_fini(&scene);
}

/* --- what is in them --- */

TEST(what_is_not_claimed_is_not_in_it)
{
    struct mint_claims claims = small_claims();
    struct scene scene = scene_for(KEY_ALG_HS256);
    mint(&scene, &claims);
    expect_json(json_part(&scene, 0), "{\"alg\":\"HS256\",\"typ\":\"JWT\"}");
    expect_json(json_part(&scene, 1), "{\"exp\":1800000060,\"iat\":1800000000,\"sub\":\"7\"}");
    scene_fini(&scene);
}

TEST(the_header_names_the_key)
{
    struct mint_claims claims = small_claims();
    struct scene scene = scene_for(KEY_ALG_ES384);
    mint(&scene, &claims);
    json_t *header = json_part(&scene, 0);
    assert_string_equal(json_string_value(json_object_get(header, "kid")),
                        signing_key_kid(scene.key));
    json_decref(header);
    scene_fini(&scene);
}

TEST(a_text_that_is_not_utf_8_is_refused)
{
    struct mint_claims claims = small_claims();
    struct span follow = span_of("\xff", 1);
    struct scene scene = scene_for(KEY_ALG_HS256);
    claims.subject = "\xc3\x28";
    assert_int_equal(mint_token(scene.key, &claims, &scene.token), ERR_INVALID);
    claims = small_claims();
    claims.follow = &follow;
    claims.follow_count = 1;
    assert_int_equal(mint_token(scene.key, &claims, &scene.token), ERR_INVALID);
    assert_int_equal(scene.token.len, 0);
    scene_fini(&scene);
}

TEST(what_a_server_would_not_take_is_not_minted)
{
    struct mint_claims claims = small_claims();
    struct scene scene = scene_for(KEY_ALG_HS256);
    struct span *follow = mem_must((TOKEN_LIST_ENTRIES + 1) * sizeof *follow);
    for (size_t i = 0; i <= TOKEN_LIST_ENTRIES; i++)
        follow[i] = span_of_text("somebody-17");
    claims.follow = follow;
    claims.follow_count = TOKEN_LIST_ENTRIES + 1;
    assert_int_equal(mint_token(scene.key, &claims, &scene.token), ERR_TOO_MANY);
    claims.follow_count = TOKEN_LIST_ENTRIES;
    assert_int_equal(mint_token(scene.key, &claims, &scene.token), ERR_TOO_BIG);
    claims.follow_count = 100;
    assert_int_equal(mint_token(scene.key, &claims, &scene.token), 0);
    mem_free(follow);
    scene_fini(&scene);
}

TEST(a_key_whose_halves_do_not_belong_together_signs_nothing)
{
    struct mint_claims claims = small_claims();
    struct signing_key_options options = {.alg = KEY_ALG_COUNT};
    char error[SIGNING_KEY_ERROR_BYTES];
    struct scene one = scene_for(KEY_ALG_ES256);
    struct scene other = scene_for(KEY_ALG_ES256);
    struct span texts[] = {buf_span(&one.pair.private_jwk), buf_span(&other.pair.private_jwk)};
    json_t *mixed = json_loadb((const char *)texts[0].data, texts[0].len, 0, NULL);
    json_t *second = json_loadb((const char *)texts[1].data, texts[1].len, 0, NULL);
    json_object_set(mixed, "d", json_object_get(second, "d"));
    char *text = json_dumps(mixed, 0);
    struct signing_key *key = NULL;
    if (signing_key_of_jwk(span_of_text(text), &options, &key, error) == 0)
        assert_int_equal(mint_token(key, &claims, &one.token), ERR_INVALID);
    signing_key_free(&key);
    free(text);
    json_decref(mixed);
    json_decref(second);
    scene_fini(&one);
    scene_fini(&other);
}
