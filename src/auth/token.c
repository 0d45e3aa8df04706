#include "auth/token.h"

#include <jansson.h>
#include <stdbool.h>

#include "auth/claims.h"
#include "auth/token_claims.h"
#include "base/base64url.h"
#include "base/err.h"
#include "base/mem.h"

#define PARTS 3
#define NOT_SAID INT64_MIN

struct token {
    struct span text; /* borrowed */
    json_t *header;   /* owned; `kid` points into it */
    json_t *claims;   /* owned; `iss` and `aud` point into it */
    size_t signature_bytes;
    enum key_alg alg;
    const char *kid;   /* NULL: none */
    const char *iss;   /* NULL: none */
    const json_t *aud; /* NULL: none; a string, or an array of strings */
    int64_t exp;
    int64_t nbf; /* NOT_SAID: none */
    int64_t iat; /* NOT_SAID: none */
};

enum part { PART_HEADER, PART_CLAIMS, PART_SIGNATURE };

/* Just two dots, with something before, between and behind them. */
static bool split(struct span text, struct span parts[PARTS])
{
    size_t from = 0;
    for (int i = 0; i < PARTS; i++) {
        const uint8_t *dot =
            from < text.len ? memchr(text.data + from, '.', text.len - from) : NULL;
        size_t end = dot != NULL ? (size_t)(dot - text.data) : text.len;
        if (end <= from || (dot != NULL) != (i < PARTS - 1))
            return false;
        parts[i] = span_of(text.data + from, end - from);
        from = end + 1;
    }
    return true;
}

static int read_object(struct span part, json_t **object)
{
    uint8_t bytes[BASE64URL_DECODED_BYTES(TOKEN_BYTES)];
    size_t len;
    json_error_t error;
    int err = base64url_decode(part, bytes, &len);
    return err < 0 ? err : claims_parse(span_of(bytes, len), object, &error);
}

static int read_signature(struct span part, struct token *token)
{
    uint8_t bytes[BASE64URL_DECODED_BYTES(TOKEN_BYTES)];
    return base64url_decode(part, bytes, &token->signature_bytes);
}

/* Steps of reading: 0, ERR_NO_MEMORY, or ERR_FORMAT with the refusal. */
static int refuse(enum token_refusal reason, enum token_refusal *refusal)
{
    *refusal = reason;
    return ERR_FORMAT;
}

static int refuse_if(int err, enum token_refusal reason, enum token_refusal *refusal)
{
    return err == 0 || err == ERR_NO_MEMORY ? err : refuse(reason, refusal);
}

static int read_header(struct span part, struct token *token, enum token_refusal *refusal)
{
    int err = refuse_if(read_object(part, &token->header), TOKEN_malformed, refusal);
    if (err < 0)
        return err;
    const json_t *alg = json_object_get(token->header, "alg");
    struct claims_bounds bounds = {.min = 0, .max = KEY_ID_BYTES};
    if (claims_text(token->header, "kid", bounds, &token->kid) < 0 ||
        json_object_get(token->header, "crit") != NULL || !json_is_string(alg))
        return refuse(TOKEN_malformed, refusal);
    struct span name = span_of(json_string_value(alg), json_string_length(alg));
    return refuse_if(key_alg_parse(name, &token->alg), TOKEN_bad_alg, refusal);
}

static bool is_audience(const json_t *aud)
{
    for (size_t i = 0; i < json_array_size(aud); i++) {
        if (!json_is_string(json_array_get(aud, i)))
            return false;
    }
    return aud == NULL || json_is_string(aud) || json_is_array(aud);
}

static int read_claims(struct span part, struct token *token, enum token_refusal *refusal)
{
    int err = refuse_if(read_object(part, &token->claims), TOKEN_malformed, refusal);
    if (err < 0)
        return err;
    struct claims_bounds bounds = {.min = 0, .max = TOKEN_BYTES};
    token->exp = token->nbf = token->iat = NOT_SAID;
    token->aud = json_object_get(token->claims, "aud");
    bool is_good = claims_text(token->claims, "iss", bounds, &token->iss) == 0 &&
                   claims_time(token->claims, "exp", &token->exp) == 0 &&
                   claims_time(token->claims, "nbf", &token->nbf) == 0 &&
                   claims_time(token->claims, "iat", &token->iat) == 0 && token->exp != NOT_SAID &&
                   is_audience(token->aud);
    return is_good ? 0 : refuse(TOKEN_bad_claims, refusal);
}

static int read_token(struct token *token, enum token_refusal *refusal)
{
    struct span parts[PARTS];
    if (!split(token->text, parts))
        return refuse(TOKEN_malformed, refusal);
    int err = read_header(parts[PART_HEADER], token, refusal);
    if (err == 0)
        err = refuse_if(read_signature(parts[PART_SIGNATURE], token), TOKEN_malformed, refusal);
    if (err == 0)
        err = read_claims(parts[PART_CLAIMS], token, refusal);
    return err;
}

int token_open(struct span text, struct token **token, enum token_refusal *refusal)
{
    *token = NULL;
    if (text.len > TOKEN_BYTES) {
        *refusal = TOKEN_too_big;
        return 0;
    }
    struct token *made = mem_try(sizeof *made);
    if (made == NULL)
        return ERR_NO_MEMORY;
    made->text = text;
    int err = read_token(made, refusal);
    if (err < 0)
        token_free(&made);
    *token = made;
    return err == ERR_FORMAT ? 0 : err;
}

void token_free(struct token **token)
{
    if (*token == NULL)
        return;
    json_decref((*token)->header);
    json_decref((*token)->claims);
    mem_free(*token);
    *token = NULL;
}

static bool is_from(const struct token *token, const char *iss)
{
    return iss == NULL || (token->iss != NULL && strcmp(token->iss, iss) == 0);
}

static bool names(const json_t *value, const char *audience)
{
    return json_is_string(value) && strcmp(json_string_value(value), audience) == 0;
}

static bool is_for(const struct token *token, const char *audience)
{
    if (audience == NULL || token->aud == NULL)
        return audience == NULL && token->aud == NULL;
    bool found = names(token->aud, audience);
    for (size_t i = 0; !found && i < json_array_size(token->aud); i++)
        found = names(json_array_get(token->aud, i), audience);
    return found;
}

/* No sum here overflows: times of a token are cut to +-2^53, and ours are real ones. */
static int check_expectations(const struct token *token, const struct token_rules *rules,
                              enum token_refusal *refusal)
{
    int64_t latest_s = rules->now_s + rules->leeway_s;
    int64_t issued_s = token->iat == NOT_SAID ? rules->now_s : token->iat;
    if (!is_from(token, rules->iss))
        return refuse(TOKEN_unknown_issuer, refusal);
    if (pass_end_is_over(token->exp, rules->now_s, rules->leeway_s))
        return refuse(TOKEN_expired, refusal);
    if (token->nbf > latest_s || issued_s > latest_s)
        return refuse(TOKEN_not_yet_valid, refusal);
    if (token->exp - issued_s > rules->max_life_s)
        return refuse(TOKEN_lives_too_long, refusal);
    return is_for(token, rules->aud) ? 0 : refuse(TOKEN_wrong_audience, refusal);
}

static int find_key(const struct token *token, const struct key_set *keys, const struct key **key,
                    enum token_refusal *refusal)
{
    if (keys == NULL)
        return refuse(TOKEN_no_keys, refusal);
    switch (key_set_find(keys, token->kid, token->alg, key)) {
    case KEY_FOUND:
        return 0;
    case KEY_UNKNOWN:
        return refuse(TOKEN_unknown_key, refusal);
    case KEY_OF_OTHER_ALG:
        break;
    }
    return refuse(TOKEN_bad_alg, refusal);
}

static int check_signature(const struct token *token, const struct key *key,
                           const struct token_rules *rules, enum token_refusal *refusal)
{
    if (rules->is_signed)
        return 0;
    if (token->signature_bytes != key_signature_bytes(key))
        return refuse(TOKEN_bad_signature, refusal);
    if (rules->verifications != NULL)
        ++*rules->verifications;
    int is_good = key_verify(key, token->text);
    if (is_good < 0)
        return is_good;
    return is_good > 0 ? 0 : refuse(TOKEN_bad_signature, refusal);
}

static int make_pass(const struct token *token, struct auth_groups *groups, struct pass **pass,
                     enum token_refusal *refusal)
{
    int err = token_claims_read(token->claims, groups, pass);
    if (err < 0)
        return refuse_if(err, TOKEN_bad_claims, refusal);
    (*pass)->issued_s = token->iat;
    (*pass)->expires_s = token->exp;
    return 0;
}

int token_verify(const struct token *token, const struct token_rules *rules, struct pass **pass,
                 enum token_refusal *refusal)
{
    const struct key *key = NULL;
    int err = check_expectations(token, rules, refusal);
    if (err == 0)
        err = find_key(token, rules->keys, &key, refusal);
    if (err == 0)
        err = check_signature(token, key, rules, refusal);
    if (err == 0)
        err = make_pass(token, rules->groups, pass, refusal);
    if (err == 0)
        return 1;
    return err == ERR_FORMAT ? 0 : err;
}
