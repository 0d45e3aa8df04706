/*
 * v1_http_document: what there is to read about all this: the OpenAPI document, which is built in, and what a problem means.
 */
#ifndef SPECTATE_APP_V1_HTTP_DOCUMENT_H
#define SPECTATE_APP_V1_HTTP_DOCUMENT_H

#include "app/v1_http.h"

/* GET /v1/openapi.yaml, and /v1/problems/{code} */
void v1_http_get_openapi(const struct v1_request *request);
void v1_http_get_problem(const struct v1_request *request);

#endif
