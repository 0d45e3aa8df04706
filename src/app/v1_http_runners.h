/*
 * v1_http_runners: who there is: by the store, or, where nothing is kept, by what is live.
 */
#ifndef SPECTATE_APP_V1_HTTP_RUNNERS_H
#define SPECTATE_APP_V1_HTTP_RUNNERS_H

#include "app/v1_http.h"
#include "app/v1_http_list.h"

/* GET /v1/runners */
void v1_http_get_runners(const struct v1_request *request);

/* The same for those of ?group= (of the store), also as a list of their positions; at most `limit_max` at a time. */
void v1_http_list_kept(const struct v1_request *request, enum v1_list_kind kind, size_t limit_max);

#endif
