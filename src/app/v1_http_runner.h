/*
 * v1_http_runner: one runner: what is known of it, which is kept in the store, and its newest position.
 */
#ifndef SPECTATE_APP_V1_HTTP_RUNNER_H
#define SPECTATE_APP_V1_HTTP_RUNNER_H

#include "app/v1_http.h"

/* GET /v1/runners/{id} */
void v1_http_get_runner(const struct v1_request *request);

#endif
