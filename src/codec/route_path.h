/*
 * route_path: the path of a request against a pattern with at most one variable segment: "/v1/runners/{id}/track".
 */
#ifndef SPECTATE_CODEC_ROUTE_PATH_H
#define SPECTATE_CODEC_ROUTE_PATH_H

#include <stdbool.h>

#include "base/span.h"

/* The path is of this form. `*segment`: what stands in place of {..}, as it was sent (perhaps with %XX), never empty; NULL data: nothing does. */
bool route_path_matches(struct span path, const char *pattern, struct span *segment);

#endif
