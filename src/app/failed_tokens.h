/*
 * failed_tokens: how many bad tokens an address may show, so that guessing gets nowhere and costs the others nothing.
 *
 * Each address has a place in a table of 16,384 (of IPv6 each network of 64 bits: ip_of_customer()), found by a hash whose key
 * the process draws. The place remembers when its next bad token would be in time. So nothing grows, and the table is never
 * full: nobody is put out of it or finds no room in it. Addresses that meet in a place have one budget together; whom one meets
 * is chance, and can't be found out without trying.
 *
 * To refuse a token unseen is cheap, and to accept a connection, read its request and answer it is not, when there are ten
 * thousand a second. So who goes on, over the budget, at ten times its rate, is shunned: what it begins beyond that is not
 * worth an answer, and by a trusted proxy not worth a look. Refusals go on at that rate, so a shunned address that stops is let
 * in again within a moment.
 *
 * One for the process, used by every worker's thread; without locks.
 */
#ifndef SPECTATE_APP_FAILED_TOKENS_H
#define SPECTATE_APP_FAILED_TOKENS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"

struct failed_tokens;

/* `per_second` for each address, with a second's worth at once; 0: no limit. Owned by the caller. */
struct failed_tokens *failed_tokens_new(size_t per_second);
void failed_tokens_free(struct failed_tokens **failed);

/* The address has used up its budget: its tokens are not to be looked at, good or bad. */
bool failed_tokens_is_over(struct failed_tokens *failed, struct ip address, uint64_t now_ms);

/* It has shown a bad one. */
void failed_tokens_add(struct failed_tokens *failed, struct ip address, uint64_t now_ms);

/* It has shown one, good or bad, while it was over its budget. */
void failed_tokens_add_unseen(struct failed_tokens *failed, struct ip address, uint64_t now_ms);

/* Over its budget, it does so at over ten times the rate: nothing new of it is worth a look. */
bool failed_tokens_is_shunned(struct failed_tokens *failed, struct ip address, uint64_t now_ms);

#endif
