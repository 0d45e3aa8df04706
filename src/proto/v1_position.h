/*
 * v1_position: a position as an object of JSON, as the dialect v1 and HTTP have it; and its parts, for other forms of JSON.
 *
 *   {"userId":7,"lat":48.8568,"lng":2.2927,"time":1732600000000,"altitude":35.5,"accuracy":4,"speed":3.2,"heading":271,"battery":80}
 *
 * Numbers are rounded to what is kept of them: 10^-7 of a degree, hundredths of metres and degrees, whole percents. What is null
 * is not there. Readers give 0, or ERR_FORMAT with a fault that begins with `where` (such as "positions[3].", or "") and the name.
 */
#ifndef SPECTATE_PROTO_V1_POSITION_H
#define SPECTATE_PROTO_V1_POSITION_H

#include <jansson.h>

#include "base/fault.h"
#include "proto/json_text.h"
#include "proto/position.h"
#include "proto/v1.h"

/* The longest that v1_write_position_members() writes. */
#define V1_POSITION_BYTES (512 + JSON_TEXT_STRING_BYTES(RUNNER_ID_BYTES))

/* The member, or NULL when it is not there or null. Borrowed from `object`. */
const json_t *v1_member(const json_t *object, const char *name);

/* "userId"; absent: `otherwise`, which may be NULL or name nobody. Without either it is a missing member. */
int v1_read_user(const json_t *object, const char *where, const struct v1_user *otherwise,
                 struct v1_user *user, struct fault *fault);

/* bad_position: not in WGS 84, or at 0,0, which is what devices say that don't know. */
int v1_set_place(struct position *position, double lat_deg, double lng_deg, const char *where,
                 struct fault *fault);

/* A time as v1 has it: milliseconds, or a text of RFC 3339. bad_time: anything else. Absent (NULL): `time_is_arrival`. */
int v1_read_time(const json_t *value, const char *where, struct position *position,
                 struct fault *fault);

/* Altitude and so on, those that are there. */
int v1_read_details(const json_t *object, const char *where, struct position *position,
                    struct fault *fault);

/* An altitude that stands elsewhere. NULL: none. */
int v1_read_altitude(const json_t *value, const char *where, struct position *position,
                     struct fault *fault);

/* All of it. */
int v1_read_position(const json_t *object, const char *where, const struct v1_user *otherwise,
                     struct position *position, struct fault *fault);

/* An array of positions into `message`, whose `index` says which is at fault; and {"userId":..,"positions":[..]}. */
int v1_read_positions(const json_t *list, const struct v1_limits *limits,
                      const struct v1_user *otherwise, struct v1_message *message,
                      struct fault *fault);
int v1_read_positions_message(const json_t *root, const struct v1_limits *limits,
                              struct v1_message *message, struct fault *fault);

/* Make room for so many positions in all. 0, or ERR_NO_MEMORY with a fault. */
int v1_reserve_positions(struct v1_message *message, size_t count, struct fault *fault);

/* Write ,"altitude":35.5,.. of what is there; returns the end. */
char *v1_write_details(char *to, const struct position_detail *detail);

/* Write "userId":7,"lat":48.8568,.. without braces, at most V1_POSITION_BYTES. NULL: the position is not in WGS 84. */
char *v1_write_position_members(char *to, const struct position *position);

#endif
