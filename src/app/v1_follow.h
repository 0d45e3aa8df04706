/*
 * v1_follow: whom a session of the dialect v1 follows: those that it names, and those in its groups, now and later.
 */
#ifndef SPECTATE_APP_V1_FOLLOW_H
#define SPECTATE_APP_V1_FOLLOW_H

#include "app/session.h"
#include "proto/v1.h"

/* Carry out a message of kind V1_FOLLOW, which is changed by that. */
void v1_follow(struct session *session, struct v1_message *message);

/* One of kind V1_UNFOLLOW. */
void v1_unfollow(struct session *session, const struct v1_message *message);

/* Runners have got their first position: who follows groups follows those of them that are in these. */
void v1_meet(struct session *session, const struct runner_id *appeared, size_t count);

/* The same for all there are, since some were missed. */
void v1_meet_all(struct session *session);

#endif
