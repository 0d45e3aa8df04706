/*
 * admin_request: what is asked on the operators' port, and how it is answered; the routes that are listed in app/admin_routes.
 */
#ifndef SPECTATE_APP_ADMIN_REQUEST_H
#define SPECTATE_APP_ADMIN_REQUEST_H

#include "app/routes.h"
#include "app/session.h"
#include "base/fault.h"

/* A request that an operator may make. */
struct admin_request {
    struct session *session;
    struct http_answer *answer;
    struct buf *body; /* of the answer */
};

/* Answer with text; with what is wrong; with the JSON in `body`, when `err` is 0. */
enum route_result admin_say(const struct admin_request *request, int status, const char *text);
enum route_result admin_say_fault(const struct admin_request *request, int status,
                                  const struct fault *fault);
enum route_result admin_say_json(const struct admin_request *request, int err);

const struct http_reader *admin_head(const struct admin_request *request);

typedef enum route_result admin_route_fn(const struct admin_request *request);

/* app/admin_sessions.c */
admin_route_fn admin_get_sessions;
admin_route_fn admin_post_kick;

/* app/admin_revocations.c */
admin_route_fn admin_post_revoke;
admin_route_fn admin_get_revocations;
admin_route_fn admin_delete_revocation;

/* app/admin_store.c */
admin_route_fn admin_get_store;
admin_route_fn admin_post_backup;

#endif
