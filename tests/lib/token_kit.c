#include "tests/lib/token_kit.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>

#include "base/check.h"
#include "tests/lib/token_keys.h"

#define NUMBER_BYTES 2048

static EVP_PKEY *read_key(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    CHECK(key != NULL);
    return key;
}

EVP_PKEY *kit_rsa(void)
{
    return read_key(test_key_rsa);
}

EVP_PKEY *kit_p256(void)
{
    return read_key(test_key_p256);
}

EVP_PKEY *kit_p384(void)
{
    return read_key(test_key_p384);
}

struct span kit_secret(void)
{
    return span_of_text(test_key_secret);
}

EVP_PKEY *kit_new_rsa(int bits)
{
    EVP_PKEY *key = EVP_RSA_gen((unsigned)bits);
    CHECK(key != NULL);
    return key;
}

EVP_PKEY *kit_new_ec(const char *curve)
{
    EVP_PKEY *key = EVP_EC_gen(curve);
    CHECK(key != NULL);
    return key;
}

/* By OpenSSL's base64, with its letters changed and its padding cut. */
void kit_append_base64url(struct buf *out, struct span bytes)
{
    CHECK(buf_reserve(out, (bytes.len + 2) / 3 * 4 + 1) == 0);
    uint8_t *text = out->data + out->len;
    int len = EVP_EncodeBlock(text, bytes.data, (int)bytes.len);
    for (int i = 0; i < len; i++) {
        if (text[i] == '+')
            text[i] = '-';
        else if (text[i] == '/')
            text[i] = '_';
    }
    while (len > 0 && text[len - 1] == '=')
        len--;
    out->len += (size_t)len;
}

/* `size` 0: as many bytes as it takes. */
static void append_number(struct buf *out, EVP_PKEY *key, const char *name, int size)
{
    uint8_t bytes[NUMBER_BYTES];
    BIGNUM *number = NULL;
    CHECK(EVP_PKEY_get_bn_param(key, name, &number) == 1);
    int len = BN_bn2binpad(number, bytes, size > 0 ? size : BN_num_bytes(number));
    BN_free(number);
    CHECK(len >= 0);
    kit_append_base64url(out, span_of(bytes, (size_t)len));
}

void kit_append_jwk(struct buf *out, EVP_PKEY *key, const char *more)
{
    bool is_rsa = EVP_PKEY_is_a(key, "RSA");
    int bits = EVP_PKEY_get_bits(key);
    if (is_rsa)
        buf_append_text(out, "{\"kty\":\"RSA\",\"n\":\"");
    else
        buf_printf(out, "{\"kty\":\"EC\",\"crv\":\"P-%d\",\"x\":\"", bits);
    append_number(out, key, is_rsa ? OSSL_PKEY_PARAM_RSA_N : OSSL_PKEY_PARAM_EC_PUB_X,
                  is_rsa ? 0 : (bits + 7) / 8);
    buf_append_text(out, is_rsa ? "\",\"e\":\"" : "\",\"y\":\"");
    append_number(out, key, is_rsa ? OSSL_PKEY_PARAM_RSA_E : OSSL_PKEY_PARAM_EC_PUB_Y,
                  is_rsa ? 0 : (bits + 7) / 8);
    CHECK(buf_printf(out, "\"%s}", more) == 0);
}

void kit_append_secret_jwk(struct buf *out, struct span secret, const char *more)
{
    buf_append_text(out, "{\"kty\":\"oct\",\"k\":\"");
    kit_append_base64url(out, secret);
    CHECK(buf_printf(out, "\"%s}", more) == 0);
}

void kit_append_jwks(struct buf *out)
{
    EVP_PKEY *rsa = kit_rsa();
    EVP_PKEY *p256 = kit_p256();
    EVP_PKEY *p384 = kit_p384();
    buf_append_text(out, "{\"keys\":[");
    kit_append_jwk(out, rsa, ",\"kid\":\"rsa\"");
    buf_append_text(out, ",");
    kit_append_jwk(out, rsa, ",\"kid\":\"pss\",\"alg\":\"PS256\"");
    buf_append_text(out, ",");
    kit_append_jwk(out, p256, ",\"kid\":\"p256\"");
    buf_append_text(out, ",");
    kit_append_jwk(out, p384, ",\"kid\":\"p384\"");
    buf_append_text(out, ",");
    kit_append_secret_jwk(out, kit_secret(), ",\"kid\":\"secret\"");
    CHECK(buf_append_text(out, "]}") == 0);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(p256);
    EVP_PKEY_free(p384);
}

static const EVP_MD *digest_of(const char *alg)
{
    const char *bits = alg + strlen(alg) - 3;
    if (strcmp(bits, "256") == 0)
        return EVP_sha256();
    return strcmp(bits, "384") == 0 ? EVP_sha384() : EVP_sha512();
}

static void append_hmac(struct buf *out, const struct kit_signer *signer, struct span input)
{
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    CHECK(HMAC(digest_of(signer->alg), signer->secret.data, (int)signer->secret.len, input.data,
               input.len, mac, &len) != NULL);
    kit_append_base64url(out, span_of(mac, len));
}

/* RFC 7518 section 3.4: R and S, each as long as the curve's order. */
static size_t flatten(uint8_t *signature, size_t len, size_t half)
{
    const uint8_t *der = signature;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)len);
    CHECK(pair != NULL);
    CHECK(BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, (int)half) >= 0);
    CHECK(BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + half, (int)half) >= 0);
    ECDSA_SIG_free(pair);
    return 2 * half;
}

void kit_append_signature(struct buf *out, const struct kit_signer *signer, struct span input)
{
    uint8_t signature[NUMBER_BYTES];
    size_t len = sizeof signature;
    EVP_PKEY_CTX *options = NULL;
    if (signer->alg[0] == 'H') {
        append_hmac(out, signer, input);
        return;
    }
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    CHECK(EVP_DigestSignInit(ctx, &options, digest_of(signer->alg), NULL, signer->key) == 1);
    if (signer->alg[0] == 'P') {
        CHECK(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1);
        CHECK(EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1);
    }
    CHECK(EVP_DigestSign(ctx, signature, &len, input.data, input.len) == 1);
    EVP_MD_CTX_free(ctx);
    if (signer->alg[0] == 'E')
        len = flatten(signature, len, (size_t)(EVP_PKEY_get_bits(signer->key) + 7) / 8);
    kit_append_base64url(out, span_of(signature, len));
}

void kit_append_token(struct buf *out, const struct kit_signer *signer, const char *header,
                      const char *claims)
{
    size_t from = out->len;
    kit_append_base64url(out, span_of_text(header));
    buf_append_text(out, ".");
    kit_append_base64url(out, span_of_text(claims));
    /* A copy: signing appends to what it reads. */
    struct buf input = {0};
    CHECK(buf_append(&input, span_of(out->data + from, out->len - from)) == 0);
    buf_append_text(out, ".");
    kit_append_signature(out, signer, buf_span(&input));
    buf_fini(&input);
}
