/*
 * v1_http_store: what requests under /v1 that ask the store have in common.
 */
#ifndef SPECTATE_APP_V1_HTTP_STORE_H
#define SPECTATE_APP_V1_HTTP_STORE_H

#include "app/inquiry.h"
#include "app/v1_http.h"
#include "proto/runner_json.h"
#include "store/reader.h"

/* Ask or change this for the session, which waits for it. False: it was answered that this can't be, and the inquiry is still the caller's. */
bool v1_http_inquire(struct session *session, struct inquiry *inquiry);

/* It was answered that nothing is kept here; or that the store can't be asked now, by this failure of it. */
void v1_http_refuse_without_store(struct session *session);
void v1_http_refuse_store(struct session *session, int err);

/* What was read of a runner, to be written; borrowed from it. */
struct runner_known v1_http_known_of(const struct store_runner *runner);

#endif
