/*
 * v1_http_naming: a runner gets a name, a bib, a colour, groups.
 */
#ifndef SPECTATE_APP_V1_HTTP_NAMING_H
#define SPECTATE_APP_V1_HTTP_NAMING_H

#include "app/v1_http.h"

/* PUT /v1/runners/{id} */
void v1_http_put_runner(const struct v1_request *request);

#endif
