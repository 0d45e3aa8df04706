/*
 * session_access: what a session's tokens mean for it: in its handshake, in its messages, and while it lives.
 */
#ifndef SPECTATE_APP_SESSION_ACCESS_H
#define SPECTATE_APP_SESSION_ACCESS_H

#include <stdbool.h>

#include "app/access.h"
#include "app/session.h"
#include "base/fault.h"
#include "base/span.h"

/* With TLS, the handshake is done: the name in a client's certificate is as good as a token for it. */
void session_trust_certificate(struct session *session);

/*
 * A WebSocket is asked for: may it open? 101: yes, with a permit when a token came along (`*by_subprotocol`: the answer is to name
 * spectate.token). 0: not yet, the session is parked; the request is taken up again when keys came. Else the status to refuse
 * with, and `fault` says why.
 */
int session_admit_request(struct session *session, bool *by_subprotocol, struct fault *fault);

/* Its WebSocket is open: without a permit it has some time to show a token. */
void session_begin_access(struct session *session);

/* It may do nothing but show a token. */
bool session_lacks_permit(const struct session *session);

/* It has shown one, and its keys are being fetched: access_end_waits() is what ends that. */
bool session_awaits_keys(const struct session *session);

/*
 * It shows a token in `message`, which is kept when the session has to wait for keys. A good one takes the place of the one before, and
 * is acknowledged; what may not be followed any more is not. A bad one closes a session that has no other.
 */
void session_show_token(struct session *session, struct span token, struct span message);

/* It sent something else while a token is needed first: told, and closed. */
void session_need_token(struct session *session);

/* The sweep, and after a revocation: close it when its time is up. */
void session_check_access(struct session *session);

/* The authorities of client certificates may have changed: one that none of them vouches for ends. */
void session_check_certificate(struct session *session);

/* Groups have changed: what may not be followed any more is not, and then the session is told as after a new token. */
void session_regroup(struct session *session);

/* Keys have come: take up again what it waited with. */
void session_resume(struct session *session, const struct parked_bytes *bytes);

/* It is ending. */
void session_end_access(struct session *session);

#endif
