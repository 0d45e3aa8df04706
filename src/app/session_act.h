/*
 * session_act: what clients ask for in any dialect, held against what they may.
 */
#ifndef SPECTATE_APP_SESSION_ACT_H
#define SPECTATE_APP_SESSION_ACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/session.h"

#define ACT_DENIED_NAMED 100

/* The ids that a permit does not grant, as many as are named. All zero: none. */
struct denied {
    struct runner_id ids[ACT_DENIED_NAMED];
    size_t count;
};
void act_deny(struct denied *denied, const struct runner_id *id);

/* A fault that names them, if there are any: the same whether there is such a runner or not. */
void act_tell_denied(struct session *session, const struct denied *denied, const char *what);

/* No token is needed. Where one is, who has lost his in the middle of a request may nothing more. */
bool act_may_all(const struct session *session);
bool act_may_follow(const struct session *session, const struct runner_id *id);
bool act_may_publish(const struct session *session, const struct runner_id *id);

/* The same fault, to be told in another way. At least one is denied. */
size_t act_denied_named(const struct denied *denied);
void act_explain_denied(const struct denied *denied, const char *what, struct fault *fault);

/* Those that may be followed stay, in order; the others are denied. */
void act_keep_granted(const struct session *session, struct runner_id *ids, size_t *count,
                      struct denied *denied);

/* How many runners it may follow: of one token there may be fewer than the server has it. */
uint64_t act_max_follows(const struct session *session);

/* hub_follow() within that, of what is granted. */
int act_follow(struct session *session, struct hub_follow *follow);

/* Positions that it sent are not on disk, for this reason: count it, and say so in `fault`. */
void act_explain_not_stored(int err, struct fault *fault);
void act_not_stored(struct session *session, int err, struct fault *fault);

/* Tell what the hub said of a follow or a position; or what there is to tell. */
void act_explain(const struct session *session, int err, struct fault *fault);
void act_refuse(struct session *session, int err);

#endif
