/*
 * v1_state: what the files of a session of the dialect v1 share. Nobody else includes this.
 */
#ifndef SPECTATE_APP_V1_STATE_H
#define SPECTATE_APP_V1_STATE_H

#include "app/session.h"
#include "app/v1_groups.h"
#include "app/v1_rate.h"
#include "base/buf.h"
#include "proto/v1.h"
#include "proto/v1_answer.h"

struct v1_state {
    struct v1_user user;     /* of positions that name none; `id.len` 0: none */
    struct v1_groups groups; /* that it follows */
    bool is_full;            /* it was told that there are more in them than it may follow */
    struct v1_rate rate;     /* in which it is to publish */
};

/* Of the request that is being dealt with. NULL: what is said is no answer to one. */
const struct v1_request_id *v1_request_id_of(const struct session *session);

/* Say this text, whose making ended with `err`, while it is open. Takes the text. */
void v1_say(struct session *session, int err, struct buf *text);

/* What was asked is done, and the asker wants to know. */
void v1_acknowledge(struct session *session, enum v1_stored stored);

#endif
