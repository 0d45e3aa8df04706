/*
 * token_accounts: what all sessions that show the same token take together: how many they are, and how many messages they send
 * in a second. A token is known by its `jti`, without one by its `sub`; one without either is nobody's, and has no account.
 *
 * What was used up stays so when the last session goes: the account is kept until it is as good as new, which takes a second at
 * most. Of those without sessions at most TOKEN_ACCOUNTS_KEPT are kept; over that, the ones that have waited longest go.
 *
 * One for the process, used by every worker's thread; a lock is held for one table operation when a session comes or goes.
 */
#ifndef SPECTATE_APP_TOKEN_ACCOUNTS_H
#define SPECTATE_APP_TOKEN_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/pass.h"

#define TOKEN_ACCOUNTS_KEPT 16384

struct token_accounts;
struct token_account;

struct token_account_limits {
    size_t sessions;            /* at a time; 0: no limit */
    size_t messages_per_second; /* 0: no limit; a second's worth may come at once */
};

/* Owned by the caller. */
struct token_accounts *token_accounts_new(const struct token_account_limits *limits);

/* Only when all accounts were left. */
void token_accounts_free(struct token_accounts **accounts);

/*
 * One more session with this pass. 0, and `*account` (NULL: nothing is limited) is to be given back by token_accounts_leave();
 * ERR_TOO_MANY: it has its sessions; ERR_NO_MEMORY.
 */
int token_accounts_enter(struct token_accounts *accounts, const struct pass *pass,
                         struct token_account **account);

/* `now_ms` is monotonic, here and below. */
void token_accounts_leave(struct token_accounts *accounts, struct token_account *account,
                          uint64_t now_ms);

/* Is it the one that this pass would enter? NULL is none. */
bool token_account_is_of(const struct token_account *account, const struct pass *pass);

/* May a session with this pass send one more message now? NULL: always. The lower of the limit and the pass's own rate holds. */
bool token_account_takes_message(struct token_accounts *accounts, struct token_account *account,
                                 const struct pass *pass, uint64_t now_ms);

/* Those without a session. */
size_t token_accounts_kept(struct token_accounts *accounts);

#endif
