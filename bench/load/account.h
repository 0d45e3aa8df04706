/*
 * account: every position that was sent, and every copy that arrived, per follower and runner.
 *
 * What is sent from account_begin() on is counted; a copy counts by what it is and not by when it arrives. Followers that
 * have stopped reading are left out (account_exclude()).
 */
#ifndef SPECTATE_BENCH_LOAD_ACCOUNT_H
#define SPECTATE_BENCH_LOAD_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/load/crowd.h"
#include "bench/load/stamp.h"
#include "cli/latency.h"

struct account;

struct account_totals {
    uint64_t sent;
    uint64_t expected;     /* (position, follower) pairs */
    uint64_t delivered;    /* of these, how many arrived, each counted once */
    uint64_t duplicates;   /* of any position, counted or not; so the next four, too */
    uint64_t reordered;    /* arrived after a newer one of the same runner */
    uint64_t too_old;      /* so long after a newer one that it may be a duplicate; not delivered */
    uint64_t misdelivered; /* the follower does not follow this runner */
    uint64_t foreign;      /* never sent, or time and number are of different positions */
    uint64_t pairs;        /* (follower, runner) pairs with a counted position */
    uint64_t stale;        /* of these, where the newest has not arrived */
};

/* Owned by the caller; borrows the crowd. `has_star`: runner 0 has a histogram of its own. */
struct account *account_new(const struct crowd *crowd, bool has_star);
void account_free(struct account **account);

/* Nothing is expected at this follower. Before account_begin(). */
void account_exclude(struct account *account, uint32_t follower);

void account_begin(struct account *account);

/* The runner's next stamp, sent now. */
struct stamp account_send(struct account *account, uint32_t runner, uint64_t now_us);

/* A copy came to the follower. */
void account_receive(struct account *account, uint32_t follower, const struct stamp *stamp,
                     uint64_t now_us);

/* All that is expected has arrived. */
bool account_is_complete(const struct account *account);

struct account_totals account_totals(const struct account *account);

/* Of what was delivered, from sending to reading. */
const struct latency *account_latency(const struct account *account);

/* Of runner 0 alone, when it has a histogram; it is not in the other one. */
const struct latency *account_star_latency(const struct account *account);

/* Of each position of runner 0, with a histogram: from sending to the last follower's reading. */
const struct latency *account_star_last(struct account *account);

#endif
