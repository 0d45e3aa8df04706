/*
 * seed_session: a session that speaks the prototype's messages (docs/protocol.md, "Dialect seed").
 */
#ifndef SPECTATE_APP_SEED_SESSION_H
#define SPECTATE_APP_SEED_SESSION_H

#include "app/session.h"

extern const struct session_handler seed_session_handler;

/* How the hub reaches sessions. */
extern const struct hub_sink session_sink;

#endif
