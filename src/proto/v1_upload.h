/*
 * v1_upload: positions that come as the body of a request instead of as a message of the dialect v1; the rules of positions are the same.
 *
 * Both decode into `message`, as v1_decode() does a message of kind V1_POSITIONS, and fail as it does: `message->index` is that of the
 * first bad position.
 */
#ifndef SPECTATE_PROTO_V1_UPLOAD_H
#define SPECTATE_PROTO_V1_UPLOAD_H

#include "base/fault.h"
#include "base/span.h"
#include "proto/v1.h"

/* One position, an array of them, or {"userId":..,"positions":[..]}. */
int v1_decode_upload(struct span text, const struct v1_limits *limits, struct v1_message *message,
                     struct fault *fault);

/* NDJSON: a position on each line. Empty lines are fine; a fault names the line, counted from 1. */
int v1_decode_lines(struct span text, const struct v1_limits *limits, struct v1_message *message,
                    struct fault *fault);

#endif
