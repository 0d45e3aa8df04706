/*
 * v1_query: what somebody wants to follow, as the query of a request, "follow=7,8&group=elite&every=1000&since=AVx..".
 *
 * Ids and names of groups are separated by commas, which stand as %2C in one that holds any; parameters may be repeated.
 */
#ifndef SPECTATE_PROTO_V1_QUERY_H
#define SPECTATE_PROTO_V1_QUERY_H

#include "base/fault.h"
#include "base/span.h"
#include "proto/v1.h"

/*
 * Decode into `message`, as v1_decode() does one of kind V1_FOLLOW. `last_event_id` is a cursor that takes the place of `since`; empty:
 * there is none. 0; ERR_FORMAT (ERR_NO_MEMORY) with `fault` filled. Parameters of other names are ignored.
 */
int v1_decode_query(struct span query, struct span last_event_id, const struct v1_limits *limits,
                    struct v1_message *message, struct fault *fault);

#endif
