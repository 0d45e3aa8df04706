/*
 * v1_session: a session that speaks spectate.v1 (docs/protocol.md, "Dialect v1").
 */
#ifndef SPECTATE_APP_V1_SESSION_H
#define SPECTATE_APP_V1_SESSION_H

#include "app/session.h"

extern const struct session_handler v1_session_handler;

/* Runners have got their first position since the last time: who follows groups follows those of them that are in these. */
void v1_session_meet(struct session *session, const struct runner_id *appeared, size_t count);

/* The same for all there are, since some were missed. */
void v1_session_meet_all(struct session *session);

#endif
