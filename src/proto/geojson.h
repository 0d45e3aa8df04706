/*
 * geojson: positions and tracks as GeoJSON (RFC 7946). Its coordinates are longitude first, then latitude, then metres of altitude.
 *
 *   {"type":"Feature","geometry":{"type":"Point","coordinates":[2.2927,48.8568,35.5]},
 *    "properties":{"userId":7,"time":"2024-11-26T05:46:40Z","accuracy":4.5,..}}
 *
 *   {"type":"Feature","geometry":{"type":"LineString","coordinates":[[2.2927,48.8568],..]},
 *    "properties":{"userId":7,"coordTimes":["2024-11-26T05:46:40Z",..]}}
 *
 * `properties` has what a position of the dialect v1 has besides its place (proto/v1_position.h). The times of a line are where
 * toGeoJSON and the tools that grew around it look for them.
 */
#ifndef SPECTATE_PROTO_GEOJSON_H
#define SPECTATE_PROTO_GEOJSON_H

#include <stddef.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/span.h"
#include "proto/position.h"
#include "proto/v1.h"

/* Append the Feature of a position, or nothing when it is not in WGS 84. 0, or ERR_NO_MEMORY with `out` as it was. */
int geojson_encode_position(const struct position *position, struct buf *out);

/*
 * Append the Feature of a track, of positions that lie in WGS 84: a LineString, or a MultiPoint where fewer than two make no line.
 * Altitudes are in it when all have one. 0, or ERR_NO_MEMORY with `out` as it was.
 */
int geojson_encode_track(const struct v1_user *user, const struct position *positions, size_t count,
                         struct buf *out);

/*
 * Decode Features of Points, LineStrings or MultiPoints, one or a FeatureCollection, into `message` as v1_decode() does "positions"; the
 * rules of positions are the same. Who has no `userId` in its properties is `limits->publishes`. 0; ERR_FORMAT (ERR_NO_MEMORY) with
 * `fault` filled, and `message->index` that of the position.
 */
int geojson_decode(struct span text, const struct v1_limits *limits, struct v1_message *message,
                   struct fault *fault);

#endif
