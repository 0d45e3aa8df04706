/*
 * v1_http_list: lists of runners or of newest positions, page by page, in the order of the bytes of their ids: of those alone whom the
 * session may follow. Where the next page is tells Link; its `after` is always one who was shown.
 */
#ifndef SPECTATE_APP_V1_HTTP_LIST_H
#define SPECTATE_APP_V1_HTTP_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "app/session.h"
#include "base/buf.h"
#include "proto/position.h"

enum v1_list_kind { V1_LIST_RUNNERS, V1_LIST_POSITIONS, V1_LIST_FEATURES };

/* All zero but for the kind: empty. */
struct v1_list {
    enum v1_list_kind kind;
    struct buf elements; /* owned; each with a comma before it */
    size_t count;
    struct runner_id last; /* that was added */
};

/*
 * Add the newest position of a runner, when there is one and it may be seen; or the runner, whose object is begun with `begun`
 * ({"userId":7,..) to which its status is added. Returns 0 or ERR_NO_MEMORY.
 */
int v1_list_add_position(struct v1_list *list, const struct session *session,
                         const struct runner_id *id);
int v1_list_add_runner(struct v1_list *list, const struct session *session,
                       const struct runner_id *id, struct span begun);

/* Send it as the answer, and empty it; `err` of making it. */
void v1_list_send(struct session *session, struct v1_list *list, bool has_more, int err);
void v1_list_fini(struct v1_list *list);

/*
 * Those with a newest position whom the session may follow: append at most `limit` of their runner_ids behind `after` (len 0: from the
 * first) to `ids`. `*has_more`: there are further ones. 0 or ERR_NO_MEMORY.
 */
int v1_list_find(const struct session *session, const struct runner_id *after, size_t limit,
                 struct buf *ids, bool *has_more);

/* It was answered what was found: all who are known were looked at, which is charged to who asked (app/rests.h). */
void v1_list_charge(struct session *session);

#endif
