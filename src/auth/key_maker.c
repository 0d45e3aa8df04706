#include "auth/key_maker.h"

#include <cjose/jwk.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "auth/key_file.h"
#include "base/base64url.h"
#include "base/check.h"
#include "base/err.h"

#define SHA256_BYTES 32
#define SECRET_BYTES_MAX 64

static cjose_jwk_t *draw(enum key_alg alg)
{
    if (key_alg_type(alg) == KEY_TYPE_RSA)
        return cjose_jwk_create_RSA_random(KEY_MAKER_RSA_BITS, NULL, 0, NULL);
    bool is_384 = key_alg_curve_bits(alg) == 384;
    return cjose_jwk_create_EC_random(is_384 ? CJOSE_JWK_EC_P_384 : CJOSE_JWK_EC_P_256, NULL);
}

static void forget_text(char *text)
{
    if (text != NULL)
        OPENSSL_cleanse(text, strlen(text));
    free(text);
}

/* The members of the key itself. NULL without memory. */
static json_t *members_of(const cjose_jwk_t *jwk, bool with_private)
{
    char *text = cjose_jwk_to_json(jwk, with_private, NULL);
    json_t *object = text == NULL ? NULL : json_loads(text, 0, NULL);
    forget_text(text);
    return object;
}

/* RFC 7638 section 3: the hash of the members that every public key of the type has, in the order of the alphabet. */
static int thumbprint(const json_t *public_key, char *text)
{
    uint8_t hash[SHA256_BYTES];
    char *canonical = json_dumps(public_key, JSON_COMPACT | JSON_SORT_KEYS);
    if (canonical == NULL)
        return ERR_NO_MEMORY;
    int done = EVP_Digest(canonical, strlen(canonical), hash, NULL, EVP_sha256(), NULL);
    free(canonical);
    text[base64url_encode(span_of(hash, sizeof hash), text)] = '\0';
    return done == 1 ? 0 : ERR_NO_MEMORY;
}

static int describe(json_t *key, enum key_alg alg, const char *kid)
{
    bool is_done = json_object_set_new(key, "use", json_string("sig")) == 0 &&
                   json_object_set_new(key, "alg", json_string(key_alg_name(alg))) == 0 &&
                   json_object_set_new(key, "kid", json_string(kid)) == 0;
    return is_done ? 0 : ERR_INVALID;
}

static int append_json(const json_t *value, struct buf *out)
{
    char *text = json_dumps(value, JSON_COMPACT);
    if (text == NULL)
        return ERR_NO_MEMORY;
    int err = buf_reserve(out, strlen(text) + 1);
    if (err == 0)
        err = buf_append_text(out, text);
    if (err == 0)
        err = buf_append_text(out, "\n");
    forget_text(text);
    return err;
}

static int append_set(json_t *public_key, struct buf *out)
{
    json_t *set = json_pack("{s:[O]}", "keys", public_key);
    int err = set == NULL ? ERR_NO_MEMORY : append_json(set, out);
    json_decref(set);
    return err;
}

static int write_pair(json_t *private_key, json_t *public_key, enum key_alg alg, const char *kid,
                      struct key_pair *pair)
{
    char own_kid[BASE64URL_ENCODED_BYTES(SHA256_BYTES) + 1];
    if (private_key == NULL || public_key == NULL)
        return ERR_NO_MEMORY;
    int err = kid == NULL ? thumbprint(public_key, own_kid) : 0;
    if (kid == NULL)
        kid = own_kid;
    if (err == 0)
        err = describe(private_key, alg, kid);
    if (err == 0)
        err = describe(public_key, alg, kid);
    if (err == 0)
        err = append_json(private_key, &pair->private_jwk);
    return err == 0 ? append_set(public_key, &pair->public_jwks) : err;
}

int key_maker_pair(enum key_alg alg, const char *kid, struct key_pair *pair)
{
    CHECK(key_alg_type(alg) != KEY_TYPE_oct);
    *pair = (struct key_pair){0};
    cjose_jwk_t *jwk = draw(alg);
    if (jwk == NULL)
        return ERR_NO_MEMORY;
    json_t *private_key = members_of(jwk, true);
    json_t *public_key = members_of(jwk, false);
    int err = write_pair(private_key, public_key, alg, kid, pair);
    json_decref(private_key);
    json_decref(public_key);
    cjose_jwk_release(jwk);
    if (err < 0) {
        key_file_forget(&pair->private_jwk);
        buf_fini(&pair->public_jwks);
    }
    return err;
}

int key_maker_secret(enum key_alg alg, struct buf *secret)
{
    uint8_t bytes[SECRET_BYTES_MAX];
    char text[BASE64URL_ENCODED_BYTES(SECRET_BYTES_MAX) + 1];
    size_t count = key_alg_secret_bytes(alg);
    CHECK(count > 0 && count <= sizeof bytes);
    CHECK(RAND_priv_bytes(bytes, (int)count) == 1);
    size_t len = base64url_encode(span_of(bytes, count), text);
    text[len++] = '\n';
    int err = buf_append(secret, span_of(text, len));
    OPENSSL_cleanse(bytes, sizeof bytes);
    OPENSSL_cleanse(text, sizeof text);
    return err;
}
