/*
 * v1_session: a session that speaks spectate.v1 (docs/protocol.md, "Dialect v1").
 */
#ifndef SPECTATE_APP_V1_SESSION_H
#define SPECTATE_APP_V1_SESSION_H

#include "app/session.h"
#include "proto/v1.h"

extern const struct session_handler v1_session_handler;

/* --- for sessions that are told the same in another form (app/sse_session.h): as in struct session_handler ---------- */

/* False: there is no memory, and it is closed. */
bool v1_session_begin(struct session *session);
void v1_session_end(struct session *session);

void v1_session_tell(struct session *session, const struct fault *fault,
                     const struct runner_id *ids, size_t count);
void v1_session_tell_expiry(struct session *session);
void v1_session_tell_reset(struct session *session, enum v1_reset reason, struct span note);
void v1_session_tell_shutdown(struct session *session);

/* When it is to come back once the server has gone; and a number from 0 to before `span`, of each session another. */
uint64_t v1_session_reconnect_ms(const struct session *session);
uint64_t v1_session_share(const struct session *session, uint64_t span);

#endif
