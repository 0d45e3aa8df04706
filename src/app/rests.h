/*
 * rests: sessions whose messages or requests cost more than they may, and so are not listened to for a while.
 *
 * A follower that changes its set or its pace leaves one audience for another, and each runner of both sets is touched. So a
 * message of forty bytes may cost as much as ten thousand others. What its messages move is counted for each session
 * (max-moves-per-second); the one that goes over has its message done, and then rests: it is paused and the bytes read already are
 * kept until it is within again. Others are served meanwhile, and nothing is lost or refused. One number tells all: until
 * when what was moved is paid for (the generic cell rate algorithm, ITU-T I.371). Runners that are only looked at, by who
 * follows a group or lists them all, are charged likewise.
 *
 * Of a shard at most RESTS_MAX sessions rest at a time, since each may keep a read's worth of bytes; one more is told of a fault.
 */
#ifndef SPECTATE_APP_RESTS_H
#define SPECTATE_APP_RESTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define RESTS_MAX 1024

struct rest;
struct session;

/* All zero at the start. */
struct rests {
    struct rest *first; /* owned */
    size_t count;
};

/* A new one, which owes nothing. */
void rests_begin(struct session *session);

/* Its message moved so many runners, or its request, which has been answered, looked at them. It may rest from now on. */
void rests_charge(struct session *session, uint64_t moved);

/* Keep a copy of what a resting session has said. 0 or ERR_NO_MEMORY. */
int rests_keep(struct rests *rests, const struct session *session, struct span bytes);

/* It has ended. Nothing happens when it does not rest. */
void rests_end(struct rests *rests, struct session *session);

/* Now and then, at least once an hour: what was paid for long ago is not to be taken for the future. */
void rests_tidy(struct session *session);

/* Those whose rest is over go on. */
void rests_turn(struct rests *rests, uint64_t now_ms);

/* When the next rest is over. UINT64_MAX: nobody rests. */
uint64_t rests_next_ms(const struct rests *rests);

#endif
