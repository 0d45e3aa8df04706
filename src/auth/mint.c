#include "auth/mint.h"

#include <cjose/header.h>
#include <cjose/jws.h>
#include <jansson.h>
#include <openssl/err.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "auth/token.h"
#include "base/err.h"

/* Add `value`, which is consumed; NULL fails. */
static int add(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new(object, name, value) == 0 ? 0 : ERR_INVALID;
}

static int add_text(json_t *object, const char *name, const char *text)
{
    return text == NULL ? 0 : add(object, name, json_string(text));
}

static int add_number(json_t *object, const char *name, uint64_t number)
{
    return number == 0 ? 0 : add(object, name, json_integer((json_int_t)number));
}

static int add_list(json_t *object, const char *name, const struct span *patterns, size_t count)
{
    if (count == 0)
        return 0;
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        const char *text = (const char *)patterns[i].data;
        if (json_array_append_new(list, json_stringn(text, patterns[i].len)) != 0) {
            json_decref(list);
            return ERR_INVALID;
        }
    }
    return add(object, name, list);
}

static int add_claims(json_t *object, const struct mint_claims *claims)
{
    const struct {
        const char *name;
        const char *text;
    } texts[] = {
        {"iss", claims->issuer},
        {"aud", claims->audience},
        {"sub", claims->subject},
        {"jti", claims->id},
    };
    const struct {
        const char *name;
        uint64_t number;
    } numbers[] = {
        {"iat", (uint64_t)claims->issued_s},  {"nbf", (uint64_t)claims->not_before_s},
        {"exp", (uint64_t)claims->expires_s}, {"rate", claims->rate},
        {"follows", claims->follows},
    };
    int err = 0;
    for (size_t i = 0; i < sizeof texts / sizeof *texts && err == 0; i++)
        err = add_text(object, texts[i].name, texts[i].text);
    if (err == 0)
        err = add_list(object, "publish", claims->publish, claims->publish_count);
    if (err == 0)
        err = add_list(object, "follow", claims->follow, claims->follow_count);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers && err == 0; i++)
        err = add_number(object, numbers[i].name, numbers[i].number);
    return err;
}

/* NULL: out of memory, or a text is not UTF-8. */
static char *claims_text(const struct mint_claims *claims)
{
    json_t *object = json_object();
    char *text = NULL;
    if (object != NULL && add_claims(object, claims) == 0)
        text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    return text;
}

static cjose_header_t *header_for(const struct signing_key *key)
{
    cjose_header_t *header = cjose_header_new(NULL);
    const char *kid = signing_key_kid(key);
    if (header == NULL)
        return NULL;
    if (cjose_header_set(header, CJOSE_HDR_ALG, key_alg_name(signing_key_alg(key)), NULL) &&
        cjose_header_set(header, "typ", "JWT", NULL) &&
        (kid == NULL || cjose_header_set(header, CJOSE_HDR_KID, kid, NULL)))
        return header;
    cjose_header_release(header);
    return NULL;
}

/* A key whose halves are of different keys makes signatures that nobody can verify. */
static int export(cjose_jws_t *jws, const struct signing_key *key, struct buf *token)
{
    const char *text;
    if (!cjose_jws_export(jws, &text, NULL) ||
        key_verify(signing_key_public(key), span_of_text(text)) != 1)
        return ERR_INVALID;
    return strlen(text) > TOKEN_BYTES ? ERR_TOO_BIG : buf_append_text(token, text);
}

static int sign(const char *claims, const struct signing_key *key, struct buf *token)
{
    cjose_header_t *header = header_for(key);
    if (header == NULL)
        return ERR_INVALID;
    cjose_jws_t *jws = cjose_jws_sign(signing_key_private(key), header, (const uint8_t *)claims,
                                      strlen(claims), NULL);
    int err = jws == NULL ? ERR_INVALID : export(jws, key, token);
    cjose_jws_release(jws);
    cjose_header_release(header);
    ERR_clear_error();
    return err;
}

int mint_token(const struct signing_key *key, const struct mint_claims *claims, struct buf *token)
{
    if (claims->publish_count > TOKEN_LIST_ENTRIES || claims->follow_count > TOKEN_LIST_ENTRIES)
        return ERR_TOO_MANY;
    char *text = claims_text(claims);
    if (text == NULL)
        return ERR_INVALID;
    int err = sign(text, key, token);
    free(text);
    return err;
}
