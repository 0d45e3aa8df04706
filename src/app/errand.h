/*
 * errand: something that every shard does in its turn: a question of the operators, about its own sessions; forgetting a runner.
 *
 * It goes from shard to shard by mail, each does its part in its own thread, and the last sends it home. So it is never in two
 * threads at once, and nothing of it is locked.
 */
#ifndef SPECTATE_APP_ERRAND_H
#define SPECTATE_APP_ERRAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/mail.h"
#include "proto/admin.h"
#include "proto/position.h"

struct shard;

#define ERRAND_SESSIONS_MAX 500

enum errand_order { ERRAND_SLOWEST, ERRAND_HEAVIEST, ERRAND_NEWEST };

enum errand_kind {
    ERRAND_LIST,   /* the first `limit` sessions by `order` */
    ERRAND_KICK,   /* close all that `who` means */
    ERRAND_FORGET, /* `runner` is to be erased: what was published of it goes to the store first */
};

struct errand {
    struct mail mail;
    enum errand_kind kind;
    struct shard *home;
    struct shard *const *shards; /* borrowed: the way */
    size_t shard_count;
    size_t next;       /* of these */
    bool is_partial;   /* not all of them were asked */
    uint64_t asked_by; /* the session that waits for the answer */
    enum errand_order order;
    size_t limit;
    struct admin_who who;
    struct runner_id runner;
    uint64_t total; /* sessions looked at, or closed */
    size_t count;
    struct admin_session sessions[]; /* in order; room for `limit` */
};

/* Owned by the caller until it is on its way. NULL without memory. `limit` is at most ERRAND_SESSIONS_MAX. */
struct errand *errand_new(enum errand_kind kind, size_t limit);
void errand_free(struct errand **errand);

/* Send it on: to the next shard, or home (MAIL_ERRAND, with next over shard_count). 0; on failure it is still the caller's. */
int errand_go(struct errand *errand);

/* It can't go on: send it home as it is. As above. */
int errand_give_up(struct errand *errand);

/* It has been everywhere, or can't go on, and is home. */
bool errand_is_back(const struct errand *errand);

/* The part of one shard. */
void errand_visit(struct errand *errand, struct shard *shard);

#endif
