/*
 * v1_rate: tells who publishes how often its positions are wanted: often while somebody follows it, seldom while nobody does.
 *
 * Of each session one runner: the one that it said hello as, or published first. A phone is one runner; who publishes for many has no
 * battery to spare.
 */
#ifndef SPECTATE_APP_V1_RATE_H
#define SPECTATE_APP_V1_RATE_H

#include <stdint.h>

#include "app/session.h"
#include "proto/v1.h"

/* Of one session. All zero: it publishes nothing yet. */
struct v1_rate {
    struct v1_user user;
    uint64_t told_ms;     /* the pace that it was told; 0: none */
    uint32_t followed_ms; /* when somebody was seen to follow it */
};

/* It publishes as this runner. */
void v1_rate_begin(struct session *session, struct v1_rate *rate, const struct v1_user *user);

/* Now and then: tell it, if that has changed. */
void v1_rate_look(struct session *session, struct v1_rate *rate);

#endif
