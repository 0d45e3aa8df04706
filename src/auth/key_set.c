#include "auth/key_set.h"

#include <jansson.h>

#include "auth/claims.h"
#include "auth/key.h"
#include "base/err.h"
#include "base/mem.h"

struct key_set {
    size_t count;
    size_t skipped;
    struct key keys[KEY_SET_KEYS];
};

static bool is_same_id(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static bool has_twin(const struct key_set *set, const struct key *key)
{
    for (size_t i = 0; i < set->count; i++) {
        if (is_same_id(set->keys[i].kid, key->kid) && set->keys[i].alg == key->alg)
            return true;
    }
    return false;
}

/* How a text is read. */
struct reading {
    enum key_alg alg; /* of keys that name none */
    bool is_public;   /* no secret is taken */
};

static bool is_unwanted(const struct reading *how, const struct key *key)
{
    return how->is_public && key_alg_type(key->alg) == KEY_TYPE_oct;
}

static int add(struct key_set *set, const json_t *jwk, const struct reading *how)
{
    struct key key;
    int err = set->count < KEY_SET_KEYS ? key_read(jwk, how->alg, &key) : ERR_INVALID;
    if (err == 0 && (is_unwanted(how, &key) || has_twin(set, &key))) {
        key_fini(&key);
        err = ERR_INVALID;
    }
    if (err == 0)
        set->keys[set->count++] = key;
    else if (err == ERR_INVALID)
        set->skipped++;
    return err == ERR_INVALID ? 0 : err;
}

/* A JWKS, or a JWK by itself. */
static int add_all(struct key_set *set, const json_t *root, const struct reading *how)
{
    const json_t *array = json_object_get(root, "keys");
    if (array == NULL && json_object_get(root, "kty") != NULL)
        return add(set, root, how);
    if (!json_is_array(array))
        return ERR_FORMAT;
    int err = 0;
    for (size_t i = 0; err == 0 && i < json_array_size(array); i++)
        err = add(set, json_array_get(array, i), how);
    return err;
}

/* Hand it out if all is well, else free it. */
static int finish(struct key_set *set, int err, struct key_set **out)
{
    if (err == 0 && set->count == 0)
        err = ERR_NOT_FOUND;
    if (err < 0)
        key_set_free(&set);
    else
        *out = set;
    return err;
}

static int read_set(struct span text, const struct reading *how, struct key_set **set)
{
    json_t *root = NULL;
    json_error_t error;
    if (text.len > KEY_SET_BYTES)
        return ERR_TOO_BIG;
    int err = claims_parse(text, &root, &error);
    if (err < 0)
        return err;
    struct key_set *made = mem_try(sizeof *made);
    err = made != NULL ? add_all(made, root, how) : ERR_NO_MEMORY;
    json_decref(root);
    return finish(made, err, set);
}

int key_set_parse(struct span text, enum key_alg alg, struct key_set **set)
{
    const struct reading how = {.alg = alg};
    return read_set(text, &how, set);
}

int key_set_parse_public(struct span text, enum key_alg alg, struct key_set **set)
{
    const struct reading how = {.alg = alg, .is_public = true};
    return read_set(text, &how, set);
}

int key_set_of_secret(struct span secret, enum key_alg alg, struct key_set **set)
{
    struct key_set *made = mem_try(sizeof *made);
    if (made == NULL)
        return ERR_NO_MEMORY;
    int err = key_of_secret(secret, alg == KEY_ALG_COUNT ? KEY_ALG_HS256 : alg, &made->keys[0]);
    if (err == 0)
        made->count = 1;
    return finish(made, err, set);
}

void key_set_free(struct key_set **set)
{
    if (*set == NULL)
        return;
    for (size_t i = 0; i < (*set)->count; i++)
        key_fini(&(*set)->keys[i]);
    mem_free(*set);
    *set = NULL;
}

size_t key_set_count(const struct key_set *set)
{
    return set->count;
}

size_t key_set_skipped(const struct key_set *set)
{
    return set->skipped;
}

static enum key_search find_by_id(const struct key_set *set, const char *kid, enum key_alg alg,
                                  const struct key **key)
{
    enum key_search result = KEY_UNKNOWN;
    for (size_t i = 0; i < set->count; i++) {
        if (!is_same_id(set->keys[i].kid, kid))
            continue;
        if (set->keys[i].alg == alg) {
            *key = &set->keys[i];
            return KEY_FOUND;
        }
        result = KEY_OF_OTHER_ALG;
    }
    return result;
}

enum key_search key_set_find(const struct key_set *set, const char *kid, enum key_alg alg,
                             const struct key **key)
{
    if (kid != NULL)
        return find_by_id(set, kid, alg, key);
    const struct key *only = NULL;
    for (size_t i = 0; i < set->count; i++) {
        if (set->keys[i].alg != alg)
            continue;
        if (only != NULL)
            return KEY_UNKNOWN;
        only = &set->keys[i];
    }
    if (only == NULL)
        return KEY_OF_OTHER_ALG;
    *key = only;
    return KEY_FOUND;
}
