#include "auth/revocations.h"

#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"

#define HASH_NONFATAL_OOM 1
#define uthash_malloc(bytes) mem_try(bytes)
#define uthash_free(memory, bytes) mem_free(memory)
#define HASH_FUNCTION(key, len, hash) ((hash) = hash_for_table((key), (len)))
#include <uthash.h>

#define NEVER INT64_MIN

/* The kind and the name as one text, to be looked up at once. */
struct entry_key {
    uint8_t bytes[1 + PASS_NAME_BYTES];
    unsigned len;
};

struct entry {
    int64_t at_s;
    UT_hash_handle hh;
    unsigned key_len;
    uint8_t key[]; /* of struct entry_key */
};

struct revocations {
    struct entry *entries;
    int64_t issued_before_s; /* NEVER: not revoked by time */
    size_t max;
    int64_t life_s;
};

struct revocations *revocations_new(size_t max, int64_t life_s)
{
    struct revocations *set = mem_must(sizeof *set);
    set->issued_before_s = NEVER;
    set->max = max;
    set->life_s = life_s;
    return set;
}

static void remove_entry(struct revocations *set, struct entry *entry)
{
    HASH_DEL(set->entries, entry);
    mem_free(entry);
}

void revocations_free(struct revocations **set)
{
    if (*set == NULL)
        return;
    while ((*set)->entries != NULL)
        remove_entry(*set, (*set)->entries);
    mem_free(*set);
    *set = NULL;
}

static struct entry_key key_of(enum revocation_kind kind, struct span name)
{
    struct entry_key key = {.bytes = {(uint8_t)kind}, .len = (unsigned)name.len + 1};
    memcpy(key.bytes + 1, name.data, name.len);
    return key;
}

static struct entry *find(const struct revocations *set, const struct entry_key *key)
{
    struct entry *entry = NULL;
    HASH_FIND(hh, set->entries, key->bytes, key->len, entry);
    return entry;
}

static int add_entry(struct revocations *set, const struct entry_key *key, int64_t at_s)
{
    if (revocations_count(set) >= set->max)
        return ERR_FULL;
    struct entry *entry = mem_try(sizeof *entry + key->len);
    if (entry == NULL)
        return ERR_NO_MEMORY;
    entry->at_s = at_s;
    entry->key_len = key->len;
    memcpy(entry->key, key->bytes, key->len);
    HASH_ADD(hh, set->entries, key[0], key->len, entry);
    if (entry->hh.tbl != NULL)
        return 0;
    mem_free(entry);
    return ERR_NO_MEMORY;
}

bool revocation_is_valid(const struct revocation *revocation)
{
    struct span name = revocation->name;
    if (revocation->kind == REVOKED_BEFORE)
        return name.len == 0;
    return name.len > 0 && name.len <= PASS_NAME_BYTES && memchr(name.data, '\0', name.len) == NULL;
}

static int revoke_before(struct revocations *set, int64_t at_s)
{
    if (set->issued_before_s == NEVER && revocations_count(set) >= set->max)
        return ERR_FULL;
    if (at_s > set->issued_before_s)
        set->issued_before_s = at_s;
    return 0;
}

int revocations_add(struct revocations *set, const struct revocation *revocation)
{
    if (!revocation_is_valid(revocation))
        return ERR_INVALID;
    if (revocation->kind == REVOKED_BEFORE)
        return revoke_before(set, revocation->at_s);
    struct entry_key key = key_of(revocation->kind, revocation->name);
    struct entry *entry = find(set, &key);
    if (entry == NULL)
        return add_entry(set, &key, revocation->at_s);
    if (revocation->at_s > entry->at_s)
        entry->at_s = revocation->at_s;
    return 0;
}

int revocations_remove(struct revocations *set, const struct revocation *revocation)
{
    if (!revocation_is_valid(revocation))
        return ERR_INVALID;
    if (revocation->kind == REVOKED_BEFORE) {
        if (set->issued_before_s == NEVER || set->issued_before_s != revocation->at_s)
            return ERR_NOT_FOUND;
        set->issued_before_s = NEVER;
        return 0;
    }
    struct entry_key key = key_of(revocation->kind, revocation->name);
    struct entry *entry = set->entries != NULL ? find(set, &key) : NULL;
    if (entry == NULL)
        return ERR_NOT_FOUND;
    remove_entry(set, entry);
    return 0;
}

static const struct entry *find_named(const struct revocations *set, enum revocation_kind kind,
                                      const char *name)
{
    if (name == NULL || set->entries == NULL)
        return NULL;
    struct entry_key key = key_of(kind, span_of_text(name));
    return find(set, &key);
}

bool revocations_match(const struct revocations *set, const struct pass *pass)
{
    const struct entry *of_subject = find_named(set, REVOKED_SUBJECT, pass->subject);
    if (pass->issuer == PASS_OF_CERTIFICATE)
        return of_subject != NULL;
    return pass->issued_s < set->issued_before_s ||
           (of_subject != NULL && pass->issued_s <= of_subject->at_s) ||
           find_named(set, REVOKED_TOKEN, pass->token_id) != NULL;
}

static bool is_over(const struct revocations *set, int64_t at_s, int64_t now_s)
{
    return at_s < now_s && (uint64_t)now_s - (uint64_t)at_s > (uint64_t)set->life_s;
}

size_t revocations_forget(struct revocations *set, int64_t now_s)
{
    size_t forgotten = 0;
    struct entry *entry;
    struct entry *next;
    HASH_ITER(hh, set->entries, entry, next)
    {
        if (is_over(set, entry->at_s, now_s)) {
            remove_entry(set, entry);
            forgotten++;
        }
    }
    if (set->issued_before_s != NEVER && is_over(set, set->issued_before_s, now_s)) {
        set->issued_before_s = NEVER;
        forgotten++;
    }
    return forgotten;
}

size_t revocations_count(const struct revocations *set)
{
    return HASH_COUNT(set->entries) + (set->issued_before_s != NEVER);
}

int revocations_visit(const struct revocations *set, revocations_visit_fn *visit, void *ctx)
{
    int err = 0;
    if (set->issued_before_s != NEVER) {
        struct revocation all = {.kind = REVOKED_BEFORE, .at_s = set->issued_before_s};
        err = visit(ctx, &all);
    }
    const struct entry *entry = set->entries;
    for (; err >= 0 && entry != NULL; entry = entry->hh.next) {
        struct revocation one = {.kind = (enum revocation_kind)entry->key[0],
                                 .name = span_of(entry->key + 1, entry->key_len - 1),
                                 .at_s = entry->at_s};
        err = visit(ctx, &one);
    }
    return err < 0 ? err : 0;
}
