#include "auth/signing_key.h"

#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/claims.h"
#include "auth/key.h"
#include "base/err.h"
#include "base/mem.h"

struct signing_key {
    struct key public_half;
    cjose_jwk_t *private_half;  /* owned */
    char kid[KEY_ID_BYTES + 1]; /* "": none */
};

__attribute__((format(printf, 2, 3))) static int refuse(char error[SIGNING_KEY_ERROR_BYTES],
                                                        const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error, SIGNING_KEY_ERROR_BYTES, format, arguments);
    va_end(arguments);
    return ERR_INVALID;
}

static bool is_text(const json_t *value, const char *text)
{
    return json_is_string(value) && strcmp(json_string_value(value), text) == 0;
}

static bool is_private(const json_t *jwk)
{
    const char *member = is_text(json_object_get(jwk, "kty"), "oct") ? "k" : "d";
    return json_is_string(json_object_get(jwk, member));
}

/* RFC 7517 section 4.3 */
static bool may_sign(const json_t *jwk)
{
    const json_t *operations = json_object_get(jwk, "key_ops");
    bool it = operations == NULL;
    for (size_t i = 0; !it && i < json_array_size(operations); i++)
        it = is_text(json_array_get(operations, i), "sign");
    return it;
}

/* With the reader of those that verify, for whom a key that may sign is a key that may verify. */
static int read_public_half(const json_t *jwk, enum key_alg alg, struct key *key)
{
    json_t *copy = json_copy((json_t *)(uintptr_t)jwk);
    if (copy == NULL)
        return ERR_NO_MEMORY;
    json_object_del(copy, "key_ops");
    int err = key_read(copy, alg, key);
    json_decref(copy);
    return err;
}

static cjose_jwk_t *import(const json_t *jwk)
{
    char *text = json_dumps(jwk, JSON_COMPACT);
    if (text == NULL)
        return NULL;
    cjose_jwk_t *it = cjose_jwk_import(text, strlen(text), NULL);
    OPENSSL_cleanse(text, strlen(text));
    free(text);
    ERR_clear_error();
    return it;
}

static int choose_kid(struct signing_key *key, const char *wanted,
                      char error[SIGNING_KEY_ERROR_BYTES])
{
    const char *own = key->public_half.kid;
    if (own != NULL && wanted != NULL && strcmp(own, wanted) != 0)
        return refuse(error, "the key has another kid");
    const char *kid = own != NULL ? own : wanted;
    if (kid != NULL && (*kid == '\0' || strlen(kid) > KEY_ID_BYTES))
        return refuse(error, "a kid has 1 to %d bytes", KEY_ID_BYTES);
    snprintf(key->kid, sizeof key->kid, "%s", kid == NULL ? "" : kid);
    return 0;
}

static int read_jwk(struct signing_key *key, const json_t *jwk,
                    const struct signing_key_options *options, char error[SIGNING_KEY_ERROR_BYTES])
{
    if (!is_private(jwk))
        return refuse(error, "the key has no private half");
    if (!may_sign(jwk))
        return refuse(error, "the key's key_ops don't let it sign");
    if (read_public_half(jwk, options->alg, &key->public_half) < 0)
        return refuse(error, "the key is malformed, too short, for another use or algorithm, or of "
                             "a kind that tokens are not signed with");
    if (options->alg != KEY_ALG_COUNT && key->public_half.alg != options->alg)
        return refuse(error, "the key is for %s, not for %s", key_alg_name(key->public_half.alg),
                      key_alg_name(options->alg));
    key->private_half = import(jwk);
    if (key->private_half == NULL)
        return refuse(error, "the key's private half is malformed");
    return choose_kid(key, options->kid, error);
}

/* Borrowed from `root`; NULL with `error` filled. */
static const json_t *choose(const json_t *root, const char *kid,
                            char error[SIGNING_KEY_ERROR_BYTES])
{
    const json_t *keys = json_object_get(root, "keys");
    const json_t *chosen = NULL;
    if (keys == NULL)
        return root;
    for (size_t i = 0; i < json_array_size(keys); i++) {
        const json_t *key = json_array_get(keys, i);
        if (kid != NULL ? !is_text(json_object_get(key, "kid"), kid) : !is_private(key))
            continue;
        if (chosen != NULL) {
            refuse(error, "more than one key fits: name one by its kid");
            return NULL;
        }
        chosen = key;
    }
    if (chosen == NULL)
        refuse(error, "it holds no %s", kid != NULL ? "key of this kid" : "private key");
    return chosen;
}

int signing_key_of_jwk(struct span text, const struct signing_key_options *options,
                       struct signing_key **key, char error[SIGNING_KEY_ERROR_BYTES])
{
    json_t *root = NULL;
    json_error_t where;
    if (text.len > KEY_SET_BYTES || claims_parse(text, &root, &where) < 0)
        return refuse(error, "it is no JWK or JWKS");
    struct signing_key *it = mem_must(sizeof *it);
    const json_t *jwk = choose(root, options->kid, error);
    int err = jwk == NULL ? ERR_INVALID : read_jwk(it, jwk, options, error);
    json_decref(root);
    if (err < 0)
        signing_key_free(&it);
    *key = it;
    return err;
}

static int read_secret(struct signing_key *key, struct span secret,
                       const struct signing_key_options *options,
                       char error[SIGNING_KEY_ERROR_BYTES])
{
    enum key_alg alg = options->alg != KEY_ALG_COUNT ? options->alg : KEY_ALG_HS256;
    if (key_alg_type(alg) != KEY_TYPE_oct)
        return refuse(error, "a secret is for HS256, HS384 and HS512, not for %s",
                      key_alg_name(alg));
    if (key_of_secret(secret, alg, &key->public_half) < 0)
        return refuse(error, "a secret for %s has %zu bytes at least", key_alg_name(alg),
                      key_alg_secret_bytes(alg));
    key->private_half = cjose_jwk_retain(key->public_half.jwk, NULL);
    return choose_kid(key, options->kid, error);
}

int signing_key_of_secret(struct span secret, const struct signing_key_options *options,
                          struct signing_key **key, char error[SIGNING_KEY_ERROR_BYTES])
{
    struct signing_key *it = mem_must(sizeof *it);
    int err = read_secret(it, secret, options, error);
    if (err < 0)
        signing_key_free(&it);
    *key = it;
    return err;
}

void signing_key_free(struct signing_key **key)
{
    struct signing_key *it = *key;
    if (it == NULL)
        return;
    if (it->private_half != NULL)
        cjose_jwk_release(it->private_half);
    key_fini(&it->public_half);
    mem_free(it);
    *key = NULL;
}

enum key_alg signing_key_alg(const struct signing_key *key)
{
    return key->public_half.alg;
}

const char *signing_key_kid(const struct signing_key *key)
{
    return key->kid[0] == '\0' ? NULL : key->kid;
}

const cjose_jwk_t *signing_key_private(const struct signing_key *key)
{
    return key->private_half;
}

const struct key *signing_key_public(const struct signing_key *key)
{
    return &key->public_half;
}
