/*
 * v1_http_track: where a runner has been, from the store, in one of several formats. With ?limit= it is a page, whole, with a link to the
 * next; without, all of it: in one piece when it is short, else piece by piece, each read when the one before is out.
 */
#ifndef SPECTATE_APP_V1_HTTP_TRACK_H
#define SPECTATE_APP_V1_HTTP_TRACK_H

#include "app/v1_http.h"

/* GET /v1/runners/{id}/track */
void v1_http_get_track(const struct v1_request *request);

#endif
