/*
 * v1_http_newest: where everybody is.
 */
#ifndef SPECTATE_APP_V1_HTTP_NEWEST_H
#define SPECTATE_APP_V1_HTTP_NEWEST_H

#include "app/v1_http.h"

/* GET /v1/positions: of all, of those that ?runner= names, or of a group. */
void v1_http_get_positions(const struct v1_request *request);

#endif
