#include "app/token_accounts.h"

#include <pthread.h>
#include <string.h>
#include <utlist.h>

#include "app/rate.h"
#include "base/check.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"

#define BUCKETS 4096

struct token_account {
    struct token_account *in_bucket; /* the next there */
    struct token_account *prev;      /* of those without sessions */
    struct token_account *next;
    size_t sessions;
    bool is_kept;
    struct rate messages;
    size_t key_len;
    uint8_t key[];
};

struct token_accounts {
    struct token_account_limits limits;
    pthread_mutex_t lock;
    struct token_account *buckets[BUCKETS]; /* under the lock, as is the rest */
    struct token_account *kept;             /* without sessions, in the order in which they went */
    size_t kept_count;
};

struct token_accounts *token_accounts_new(const struct token_account_limits *limits)
{
    struct token_accounts *accounts = mem_must(sizeof *accounts);
    accounts->limits = *limits;
    CHECK(pthread_mutex_init(&accounts->lock, NULL) == 0);
    return accounts;
}

/* What kind of name it is, whose, and the name. */
#define KEY_BYTES (1 + sizeof(uint64_t) + PASS_NAME_BYTES)

static size_t key_of(const struct pass *pass, uint8_t key[KEY_BYTES])
{
    const char *name = pass->token_id != NULL ? pass->token_id : pass->subject;
    if (name == NULL)
        return 0;
    uint64_t issuer = pass->issuer;
    size_t len = strlen(name);
    key[0] = pass->token_id != NULL;
    memcpy(key + 1, &issuer, sizeof issuer);
    memcpy(key + 1 + sizeof issuer, name, len);
    return 1 + sizeof issuer + len;
}

static struct token_account **bucket_of(struct token_accounts *accounts, struct span key)
{
    return &accounts->buckets[hash_for_table(key.data, key.len) % BUCKETS];
}

static struct token_account *find_or_make(struct token_accounts *accounts, struct span key)
{
    struct token_account **bucket = bucket_of(accounts, key);
    for (struct token_account *at = *bucket; at != NULL; at = at->in_bucket)
        if (span_equals(span_of(at->key, at->key_len), key))
            return at;
    struct token_account *made = mem_try(sizeof *made + key.len);
    if (made == NULL)
        return NULL;
    memcpy(made->key, key.data, key.len);
    made->key_len = key.len;
    made->in_bucket = *bucket;
    *bucket = made;
    return made;
}

static void unkeep(struct token_accounts *accounts, struct token_account *account)
{
    DL_DELETE(accounts->kept, account);
    accounts->kept_count--;
    account->is_kept = false;
}

static int enter(struct token_accounts *accounts, struct span key, struct token_account **account)
{
    struct token_account *found = find_or_make(accounts, key);
    if (found == NULL)
        return ERR_NO_MEMORY;
    if (accounts->limits.sessions > 0 && found->sessions >= accounts->limits.sessions)
        return ERR_TOO_MANY;
    if (found->is_kept)
        unkeep(accounts, found);
    found->sessions++;
    *account = found;
    return 0;
}

int token_accounts_enter(struct token_accounts *accounts, const struct pass *pass,
                         struct token_account **account)
{
    uint8_t key[KEY_BYTES];
    *account = NULL;
    if (accounts->limits.sessions == 0 && accounts->limits.messages_per_second == 0 &&
        pass->rate == 0)
        return 0;
    size_t len = key_of(pass, key);
    if (len == 0)
        return 0;
    pthread_mutex_lock(&accounts->lock);
    int err = enter(accounts, span_of(key, len), account);
    pthread_mutex_unlock(&accounts->lock);
    return err;
}

static void remove_account(struct token_accounts *accounts, struct token_account *account)
{
    struct token_account **at = bucket_of(accounts, span_of(account->key, account->key_len));
    while (*at != account)
        at = &(*at)->in_bucket;
    *at = account->in_bucket;
    mem_free(account);
}

static void forget(struct token_accounts *accounts, struct token_account *account)
{
    unkeep(accounts, account);
    remove_account(accounts, account);
}

/* All of these are unused within a second of their turn, so the first is the one to look at. */
static void forget_unused(struct token_accounts *accounts, uint64_t now_ms)
{
    while (accounts->kept != NULL && (accounts->kept_count > TOKEN_ACCOUNTS_KEPT ||
                                      rate_is_unused(&accounts->kept->messages, now_ms)))
        forget(accounts, accounts->kept);
}

static void leave(struct token_accounts *accounts, struct token_account *account, uint64_t now_ms)
{
    if (--account->sessions == 0) {
        DL_APPEND(accounts->kept, account);
        accounts->kept_count++;
        account->is_kept = true;
    }
    forget_unused(accounts, now_ms);
}

void token_accounts_leave(struct token_accounts *accounts, struct token_account *account,
                          uint64_t now_ms)
{
    if (account == NULL)
        return;
    pthread_mutex_lock(&accounts->lock);
    leave(accounts, account, now_ms);
    pthread_mutex_unlock(&accounts->lock);
}

size_t token_accounts_kept(struct token_accounts *accounts)
{
    pthread_mutex_lock(&accounts->lock);
    size_t count = accounts->kept_count;
    pthread_mutex_unlock(&accounts->lock);
    return count;
}

void token_accounts_free(struct token_accounts **accounts)
{
    struct token_accounts *it = *accounts;
    if (it == NULL)
        return;
    while (it->kept != NULL)
        forget(it, it->kept);
    for (size_t i = 0; i < BUCKETS; i++)
        CHECK(it->buckets[i] == NULL);
    pthread_mutex_destroy(&it->lock);
    mem_free(it);
    *accounts = NULL;
}

bool token_account_is_of(const struct token_account *account, const struct pass *pass)
{
    uint8_t key[KEY_BYTES];
    size_t len = account != NULL ? key_of(pass, key) : 0;
    return len > 0 && span_equals(span_of(account->key, account->key_len), span_of(key, len));
}

bool token_account_takes_message(struct token_accounts *accounts, struct token_account *account,
                                 const struct pass *pass, uint64_t now_ms)
{
    uint64_t per_second = accounts->limits.messages_per_second;
    if (pass->rate > 0 && (per_second == 0 || pass->rate < per_second))
        per_second = pass->rate;
    return account == NULL || rate_take(&account->messages, per_second, now_ms);
}
