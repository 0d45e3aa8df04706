/*
 * cjose gets the members of a key one by one, checked here, and never a JWK as text: its own reader takes RSA keys of any size, and
 * private halves that nobody needs for verifying.
 */
#include "auth/key.h"

#include <cjose/jws.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "auth/claims.h"
#include "base/base64url.h"
#include "base/err.h"
#include "base/mem.h"

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192
#define EXPONENT_BYTES_MAX 4
#define SECRET_BYTES_MAX 1024

struct octets {
    uint8_t bytes[BASE64URL_DECODED_BYTES(BASE64URL_ENCODED_BYTES(RSA_BITS_MAX / 8 + 1))];
    size_t len;
};

/* A member in base64url, of 1 to `max` bytes. */
static int read_octets(const json_t *jwk, const char *name, size_t max, struct octets *out)
{
    const char *text = NULL;
    struct claims_bounds bounds = {.min = 1, .max = BASE64URL_ENCODED_BYTES(max)};
    if (claims_text(jwk, name, bounds, &text) < 0 || text == NULL)
        return ERR_INVALID;
    if (base64url_decode(span_of_text(text), out->bytes, &out->len) < 0)
        return ERR_INVALID;
    return out->len < 1 || out->len > max ? ERR_INVALID : 0;
}

/*
 * Why cjose failed. It takes some failures of OpenSSL, such as a point off the curve, for a lack of memory: OpenSSL's queue of errors
 * tells. The queue is the thread's, and TLS on this thread would take what is left in it for its own.
 */
static int explain(const cjose_err *error)
{
    unsigned long last = ERR_peek_last_error();
    bool is_memory = last == 0 || ERR_GET_REASON(last) == ERR_R_MALLOC_FAILURE;
    ERR_clear_error();
    return error->code == CJOSE_ERR_NO_MEMORY && is_memory ? ERR_NO_MEMORY : ERR_INVALID;
}

static int keep(struct key *key, cjose_jwk_t *jwk, const cjose_err *error)
{
    key->jwk = jwk;
    return jwk != NULL ? 0 : explain(error);
}

static void strip_zeros(struct octets *number)
{
    size_t zeros = 0;
    while (zeros < number->len && number->bytes[zeros] == 0)
        zeros++;
    number->len -= zeros;
    memmove(number->bytes, number->bytes + zeros, number->len);
}

static size_t bits_of(const struct octets *number)
{
    size_t bits = number->len * 8;
    for (unsigned bit = 0x80; bits > 0 && (number->bytes[0] & bit) == 0; bit >>= 1)
        bits--;
    return bits;
}

static bool is_odd(const struct octets *number)
{
    return number->len > 0 && (number->bytes[number->len - 1] & 1) != 0;
}

static int read_rsa(const json_t *jwk, struct key *key)
{
    struct octets n;
    struct octets e;
    cjose_err error = {0};
    if (read_octets(jwk, "n", RSA_BITS_MAX / 8 + 1, &n) < 0 ||
        read_octets(jwk, "e", EXPONENT_BYTES_MAX, &e) < 0)
        return ERR_INVALID;
    strip_zeros(&n);
    strip_zeros(&e);
    if (bits_of(&n) < RSA_BITS_MIN || bits_of(&n) > RSA_BITS_MAX || bits_of(&e) < 2 ||
        !is_odd(&n) || !is_odd(&e))
        return ERR_INVALID;
    key->signature_bytes = n.len;
    cjose_jwk_rsa_keyspec spec = {.n = n.bytes, .nlen = n.len, .e = e.bytes, .elen = e.len};
    return keep(key, cjose_jwk_create_RSA_spec(&spec, &error), &error);
}

static int read_ec(const json_t *jwk, struct key *key)
{
    struct octets x;
    struct octets y;
    cjose_err error = {0};
    size_t bits = key_alg_curve_bits(key->alg);
    if (read_octets(jwk, "x", bits / 8, &x) < 0 || read_octets(jwk, "y", bits / 8, &y) < 0 ||
        x.len != bits / 8 || y.len != bits / 8)
        return ERR_INVALID;
    cjose_jwk_ec_keyspec spec = {
        .crv = bits == 256 ? CJOSE_JWK_EC_P_256 : CJOSE_JWK_EC_P_384,
        .x = x.bytes,
        .xlen = x.len,
        .y = y.bytes,
        .ylen = y.len,
    };
    key->signature_bytes = key_alg_signature_bytes(key->alg);
    return keep(key, cjose_jwk_create_EC_spec(&spec, &error), &error);
}

static int read_oct(const json_t *jwk, struct key *key)
{
    struct octets k;
    int err = read_octets(jwk, "k", SECRET_BYTES_MAX, &k);
    if (err == 0)
        err = key_of_secret(span_of(k.bytes, k.len), key->alg, key);
    OPENSSL_cleanse(k.bytes, sizeof k.bytes);
    return err;
}

int key_of_secret(struct span secret, enum key_alg alg, struct key *key)
{
    cjose_err error = {0};
    if (key_alg_type(alg) != KEY_TYPE_oct || secret.len < key_alg_secret_bytes(alg))
        return ERR_INVALID;
    key->alg = alg;
    key->signature_bytes = key_alg_signature_bytes(alg);
    return keep(key, cjose_jwk_create_oct_spec(secret.data, secret.len, &error), &error);
}

/* What tells the kinds of keys apart, and the algorithm of those that name none. */
static const struct family {
    const char *kty;
    const char *crv; /* NULL: has none */
    size_t curve_bits;
    enum key_type type;
    enum key_alg usual;
    int (*read)(const json_t *jwk, struct key *key);
} families[] = {
    {"oct", NULL, 0, KEY_TYPE_oct, KEY_ALG_HS256, read_oct},
    {"RSA", NULL, 0, KEY_TYPE_RSA, KEY_ALG_RS256, read_rsa},
    {"EC", "P-256", 256, KEY_TYPE_EC, KEY_ALG_ES256, read_ec},
    {"EC", "P-384", 384, KEY_TYPE_EC, KEY_ALG_ES384, read_ec},
};

static bool is_text(const json_t *value, const char *text)
{
    return json_is_string(value) && strcmp(json_string_value(value), text) == 0;
}

static const struct family *find_family(const json_t *jwk)
{
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        const struct family *family = &families[i];
        if (is_text(json_object_get(jwk, "kty"), family->kty) &&
            (family->crv == NULL || is_text(json_object_get(jwk, "crv"), family->crv)))
            return family;
    }
    return NULL;
}

/* RFC 7517 sections 4.2 and 4.3 */
static bool is_for_verifying(const json_t *jwk)
{
    const json_t *use = json_object_get(jwk, "use");
    const json_t *operations = json_object_get(jwk, "key_ops");
    if (use != NULL && !is_text(use, "sig"))
        return false;
    bool may_verify = operations == NULL;
    for (size_t i = 0; !may_verify && i < json_array_size(operations); i++)
        may_verify = is_text(json_array_get(operations, i), "verify");
    return may_verify;
}

static int pin_alg(const json_t *jwk, const struct family *family, enum key_alg configured,
                   enum key_alg *alg)
{
    const json_t *named = json_object_get(jwk, "alg");
    *alg = configured == KEY_ALG_COUNT ? family->usual : configured;
    if (named != NULL &&
        key_alg_parse(span_of(json_string_value(named), json_string_length(named)), alg) < 0)
        return ERR_INVALID;
    return key_alg_type(*alg) == family->type && key_alg_curve_bits(*alg) == family->curve_bits
               ? 0
               : ERR_INVALID;
}

static int read_kid(const json_t *jwk, struct key *key)
{
    const char *kid = NULL;
    struct claims_bounds bounds = {.min = 0, .max = KEY_ID_BYTES};
    if (claims_text(jwk, "kid", bounds, &kid) < 0)
        return ERR_INVALID;
    if (kid == NULL)
        return 0;
    size_t len = strlen(kid);
    key->kid = mem_try(len + 1);
    if (key->kid == NULL)
        return ERR_NO_MEMORY;
    memcpy(key->kid, kid, len);
    return 0;
}

int key_read(const json_t *jwk, enum key_alg alg, struct key *key)
{
    *key = (struct key){0};
    const struct family *family = find_family(jwk);
    if (family == NULL || !is_for_verifying(jwk) || pin_alg(jwk, family, alg, &key->alg) < 0)
        return ERR_INVALID;
    int err = read_kid(jwk, key);
    if (err == 0)
        err = family->read(jwk, key);
    if (err < 0)
        key_fini(key);
    return err;
}

void key_fini(struct key *key)
{
    mem_free(key->kid);
    if (key->jwk != NULL)
        cjose_jwk_release(key->jwk);
    *key = (struct key){0};
}

size_t key_signature_bytes(const struct key *key)
{
    return key->signature_bytes;
}

int key_verify(const struct key *key, struct span compact)
{
    cjose_err error = {0};
    cjose_jws_t *jws = cjose_jws_import((const char *)compact.data, compact.len, &error);
    bool is_good = jws != NULL && cjose_jws_verify(jws, key->jwk, &error);
    cjose_jws_release(jws);
    if (is_good)
        return 1;
    return explain(&error) == ERR_NO_MEMORY ? ERR_NO_MEMORY : 0;
}
