/*
 * seed_session: a session that speaks the prototype's messages (docs/protocol.md, "Dialect seed").
 */
#ifndef SPECTATE_APP_SEED_SESSION_H
#define SPECTATE_APP_SEED_SESSION_H

#include "app/session.h"

extern const struct session_handler seed_session_handler;

/* For other handlers that say these as this one does. */
void seed_session_tell(struct session *session, const struct fault *fault,
                       const struct runner_id *ids, size_t count);
void seed_session_tell_expiry(struct session *session);

#endif
