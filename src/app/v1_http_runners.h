/*
 * v1_http_runners: who there is, and what is known of them, which is kept in the store.
 */
#ifndef SPECTATE_APP_V1_HTTP_RUNNERS_H
#define SPECTATE_APP_V1_HTTP_RUNNERS_H

#include "app/v1_http.h"
#include "app/v1_http_list.h"

/* GET /v1/runners */
void v1_http_get_runners(const struct v1_request *request);

/* The same for those of ?group= (of the store), also as a list of their positions; at most `limit_max` at a time. */
void v1_http_list_kept(const struct v1_request *request, enum v1_list_kind kind, size_t limit_max);

/* GET and PUT /v1/runners/{id} */
void v1_http_get_runner(const struct v1_request *request);
void v1_http_put_runner(const struct v1_request *request);

/* Ask or change this for the session, which waits for it. False: it was answered that this can't be, and the inquiry is still the caller's. */
struct inquiry;
bool v1_http_inquire(struct session *session, struct inquiry *inquiry);

/* It was answered that nothing is kept here; or that the store can't be asked now, by this failure of it. */
void v1_http_refuse_without_store(struct session *session);
void v1_http_refuse_store(struct session *session, int err);

#endif
