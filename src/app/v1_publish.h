/*
 * v1_publish: positions that a client of v1 wants to publish, by message or by request, held against the rules: they count whole or
 * not at all.
 */
#ifndef SPECTATE_APP_V1_PUBLISH_H
#define SPECTATE_APP_V1_PUBLISH_H

#include "app/session_act.h"
#include "proto/v1.h"

/* What is denied, for act_explain_denied(). */
#define V1_PUBLISH "publish as these"

/*
 * Each may be published, and has a time that can be right, which is set to what counts (proto/fix_time.h); and there is room for the
 * runners that would be new. 0; or ERR_INVALID, with the ids in `denied`, or, when that is empty, with `fault` and
 * `message->index`.
 */
int v1_check_positions(const struct session *session, struct v1_message *message,
                       struct denied *denied, struct fault *fault);

#endif
