/*
 * failed_tokens: how many bad tokens an address may show, so that guessing gets nowhere and costs the others nothing.
 *
 * Each address has a place in a table of fixed size, found by a keyed hash, that remembers when its next bad token would be in
 * time. So nothing grows, whoever comes; two addresses may share a place, seldom and by chance. Of an IPv6 address the first
 * 64 bits count: whoever has one has them all.
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

#endif
