/*
 * v1_http_erase: a runner is forgotten everywhere: by every worker, and on disk.
 */
#ifndef SPECTATE_APP_V1_HTTP_ERASE_H
#define SPECTATE_APP_V1_HTTP_ERASE_H

#include "app/v1_http.h"

struct errand;

/* DELETE /v1/runners/{id} */
void v1_http_delete_runner(const struct v1_request *request);

/* Every worker has forgotten, and the errand is home: on with the disk. */
void v1_http_on_errand(struct shard *shard, struct errand *errand);

#endif
