/*
 * fuzz_token: nothing is accepted that was not signed.
 *
 * The keys are the published test keys, the tokens that are good are few, and known. The oracle: a token may be accepted only if
 * what stands before its last dot is that of a good one.
 *
 * Input: a letter that says how the rest is read. 't': it is a token. 'j': three lines: header and claims as JSON, and the number
 * of the good token whose signature is put behind them; so that mutations get past base64. 'e': the number of a good token, then
 * edits of it, three bytes each: where, in two bytes, and a letter.
 */
#include <stdlib.h>

#include "auth/authority.h"
#include "base/check.h"
#include "tests/lib/token_kit.h"

#define NOW INT64_C(1777600000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
    const char *alg;
    const char *header;
    const char *claims;
} good[] = {
    {"HS256", "{\"alg\":\"HS256\"}", "{\"sub\":\"7\",\"exp\":1777600600}"},
    {"HS256", "{\"alg\":\"HS256\",\"kid\":\"secret\"}",
     "{\"iss\":\"a\",\"exp\":1777600600,\"follow\":[1,\"2\",\"p*\",\"group:g\"]}"},
    {"RS256", "{\"alg\":\"RS256\",\"kid\":\"rsa\"}", "{\"iss\":\"a\",\"exp\":1777600600}"},
    {"PS256", "{\"alg\":\"PS256\",\"kid\":\"pss\"}",
     "{\"iss\":\"a\",\"exp\":1777600600,\"rate\":5}"},
    {"ES256", "{\"alg\":\"ES256\",\"kid\":\"p256\"}", "{\"iss\":\"a\",\"exp\":1777600600}"},
    {"ES384", "{\"typ\":\"JWT\",\"alg\":\"ES384\",\"kid\":\"p384\"}",
     "{\"iss\":\"a\",\"exp\":1777600600,\"nbf\":1777599000,\"iat\":1777599000,\"publish\":[\"*\"]"
     "}"},
};

#define GOOD (sizeof good / sizeof *good)

static struct authority *authority;
static struct buf tokens[GOOD];

static bool on_refresh(__attribute__((unused)) void *ctx, __attribute__((unused)) size_t issuer)
{
    return false;
}

static void sign_good_tokens(void)
{
    EVP_PKEY *rsa = kit_rsa();
    EVP_PKEY *p256 = kit_p256();
    EVP_PKEY *p384 = kit_p384();
    for (size_t i = 0; i < GOOD; i++) {
        bool is_ec = good[i].alg[0] == 'E';
        EVP_PKEY *of_curve = good[i].alg[2] == '2' ? p256 : p384;
        struct kit_signer signer = {good[i].alg, is_ec ? of_curve : rsa, kit_secret()};
        kit_append_token(&tokens[i], &signer, good[i].header, good[i].claims);
    }
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(p256);
    EVP_PKEY_free(p384);
}

static void make_authority(void)
{
    static const struct authority_issuer issuers[] = {
        {.alg = KEY_ALG_COUNT},
        {.iss = "a", .alg = KEY_ALG_COUNT, .is_refreshed = true},
        {.iss = "a",
         .alg = KEY_ALG_COUNT}, /* takes secrets in a JWKS, which the one before does not */
    };
    struct authority_options options = {.issuers = issuers,
                                        .issuer_count = 3,
                                        .leeway_s = 2,
                                        .max_life_s = 86400,
                                        .max_revocations = 1,
                                        .revocation_life_s = 1,
                                        .refresh = on_refresh};
    struct buf jwks = {0};
    authority = authority_new(&options);
    kit_append_jwks(&jwks);
    CHECK(authority_set_secret(authority, 0, kit_secret()) == 0);
    CHECK(authority_set_keys(authority, 1, buf_span(&jwks)) == 0);
    CHECK(authority_set_keys(authority, 2, buf_span(&jwks)) == 0);
    buf_fini(&jwks);
}

static void tear_down(void)
{
    authority_free(&authority);
    for (size_t i = 0; i < GOOD; i++)
        buf_fini(&tokens[i]);
}

/* Up to the last dot, not with it. */
static struct span signing_input(struct span token)
{
    while (token.len > 0 && token.data[token.len - 1] != '.')
        token.len--;
    if (token.len > 0)
        token.len--;
    return token;
}

static bool was_signed(struct span token)
{
    for (size_t i = 0; i < GOOD; i++) {
        if (span_equals(signing_input(token), signing_input(buf_span(&tokens[i]))))
            return true;
    }
    return false;
}

static bool is_accepted(struct span token)
{
    struct pass *pass = NULL;
    struct authority_refusal refusal = {.reason = TOKEN_REFUSAL_COUNT};
    int result = authority_verify(authority, token, NOW, AUTHORITY_NO_ISSUER, &pass, &refusal);
    CHECK(result == (pass != NULL));
    CHECK(result == 1 || refusal.reason < TOKEN_REFUSAL_COUNT);
    CHECK(!refusal.is_waiting);
    pass_free(&pass);
    return result == 1;
}

/* The next line of the rest, without its end. */
static struct span take_line(struct span *rest)
{
    const uint8_t *end = rest->len > 0 ? memchr(rest->data, '\n', rest->len) : NULL;
    struct span line = span_of(rest->data, end != NULL ? (size_t)(end - rest->data) : rest->len);
    size_t taken = end != NULL ? line.len + 1 : line.len;
    *rest = span_of(rest->data + taken, rest->len - taken);
    return line;
}

static void build_token(struct span rest, struct buf *token)
{
    struct span header = take_line(&rest);
    struct span claims = take_line(&rest);
    size_t number = rest.len > 0 ? rest.data[0] % GOOD : 0;
    struct span signed_part = signing_input(buf_span(&tokens[number]));
    kit_append_base64url(token, header);
    buf_append_text(token, ".");
    kit_append_base64url(token, claims);
    CHECK(buf_append(token, span_of(tokens[number].data + signed_part.len,
                                    tokens[number].len - signed_part.len)) == 0);
}

static void edit_token(struct span rest, struct buf *token)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t number = rest.len > 0 ? rest.data[0] % GOOD : 0;
    CHECK(buf_append(token, buf_span(&tokens[number])) == 0);
    for (size_t at = 1; at + 3 <= rest.len; at += 3) {
        size_t where = (size_t)(rest.data[at] << 8 | rest.data[at + 1]) % token->len;
        token->data[where] = (uint8_t)letters[rest.data[at + 2] % 64];
    }
}

static void begin(void)
{
    sign_good_tokens();
    make_authority();
    for (size_t i = 0; i < GOOD; i++)
        CHECK(is_accepted(buf_span(&tokens[i])));
    atexit(tear_down);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf token = {0};
    if (authority == NULL)
        begin();
    if (size < 1)
        return 0;
    struct span rest = span_of(data + 1, size - 1);
    if (data[0] == 'j')
        build_token(rest, &token);
    else if (data[0] == 'e')
        edit_token(rest, &token);
    else
        CHECK(buf_append(&token, rest) == 0);
    CHECK(!is_accepted(buf_span(&token)) || was_signed(buf_span(&token)));
    buf_fini(&token);
    return 0;
}
