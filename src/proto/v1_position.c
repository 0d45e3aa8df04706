#include "proto/v1_position.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/date_time.h"
#include "base/err.h"
#include "base/mem.h"
#include "proto/id_json.h"
#include "proto/json_tree.h"
#include "proto/member.h"

/* --- details -------------------------------------------------------------------------------------------------------- */

#define POSITION_DETAIL(name, flag, field, decimals, min, max, expected)                           \
    static void set_##name(struct position_detail *detail, int64_t units)                          \
    {                                                                                              \
        detail->field = (__typeof__(detail->field))units;                                          \
    }                                                                                              \
    static int64_t get_##name(const struct position_detail *detail)                                \
    {                                                                                              \
        return detail->field;                                                                      \
    }
#include "proto/position_detail.def"
#undef POSITION_DETAIL

static const struct kept {
    const char *name;
    const char *expected;
    int64_t min;
    int64_t max;
    void (*set)(struct position_detail *detail, int64_t units);
    int64_t (*get)(const struct position_detail *detail);
    uint8_t flag;
    uint8_t decimals;
} details[] = {
#define POSITION_DETAIL(name, flag, field, decimals, min, max, expected)                           \
    {#name, expected, min, max, set_##name, get_##name, POSITION_##flag, decimals},
#include "proto/position_detail.def"
#undef POSITION_DETAIL
};
#define DETAILS (sizeof details / sizeof *details)

const json_t *v1_member(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_null(value) ? NULL : value;
}

static int refuse_kind(const json_t *value, const char *where, const char *name,
                       const char *expected, struct fault *fault)
{
    fault_set(fault, FAULT_wrong_type, "%s%s: expected %s, got %s", where, name, expected,
              json_tree_kind(value));
    return ERR_FORMAT;
}

static int read_detail(const json_t *value, const struct kept *kept, const char *where,
                       struct position_detail *detail, struct fault *fault)
{
    if (value == NULL)
        return 0;
    if (!json_is_number(value))
        return refuse_kind(value, where, kept->name, "a number", fault);
    double units = json_number_value(value) * (kept->decimals > 0 ? 100 : 1);
    if (!(units >= (double)kept->min && units <= (double)kept->max)) {
        fault_set(fault, FAULT_bad_position, "%s%s: expected %s", where, kept->name,
                  kept->expected);
        return ERR_FORMAT;
    }
    kept->set(detail, llround(units));
    detail->has |= kept->flag;
    return 0;
}

int v1_read_details(const json_t *object, const char *where, struct position *position,
                    struct fault *fault)
{
    int err = 0;
    for (size_t i = 0; err == 0 && i < DETAILS; i++)
        err = read_detail(v1_member(object, details[i].name), &details[i], where, &position->detail,
                          fault);
    if (position->detail.heading_cdeg > POSITION_HEADING_MAX_CDEG)
        position->detail.heading_cdeg = 0; /* north, as 360 */
    return err;
}

int v1_read_altitude(const json_t *value, const char *where, struct position *position,
                     struct fault *fault)
{
    const struct kept *altitude = &details[0];
    CHECK(altitude->flag == POSITION_ALTITUDE);
    return read_detail(value, altitude, where, &position->detail, fault);
}

char *v1_write_details(char *to, const struct position_detail *detail)
{
    for (size_t i = 0; i < DETAILS; i++) {
        if ((detail->has & details[i].flag) == 0)
            continue;
        to = json_text_raw(to, ",\"");
        to = json_text_raw(to, details[i].name);
        to = json_text_raw(to, "\":");
        to = json_text_fixed(to, details[i].get(detail), details[i].decimals);
    }
    return to;
}

/* Doubled, so that a list that grows in steps is not copied at each. */
int v1_reserve_positions(struct v1_message *message, size_t count, struct fault *fault)
{
    if (count <= message->position_capacity)
        return 0;
    size_t capacity =
        count > 2 * message->position_capacity ? count : 2 * message->position_capacity;
    struct position *positions = mem_try_resize(message->positions, capacity * sizeof *positions);
    if (positions == NULL) {
        fault_set(fault, FAULT_out_of_memory, "no memory for %zu positions", count);
        return ERR_NO_MEMORY;
    }
    message->positions = positions;
    message->position_capacity = capacity;
    return 0;
}

/* --- who, where, when ----------------------------------------------------------------------------------------------- */

int v1_read_user(const json_t *object, const char *where, const struct v1_user *otherwise,
                 struct v1_user *user, struct fault *fault)
{
    const json_t *value = v1_member(object, "userId");
    if (value == NULL && otherwise != NULL && otherwise->id.len > 0) {
        *user = *otherwise;
        return 0;
    }
    if (value == NULL) {
        fault_set(fault, FAULT_missing_member, "%suserId: missing, a position needs it", where);
        return ERR_FORMAT;
    }
    char name[MEMBER_WHERE_BYTES];
    snprintf(name, sizeof name, "%suserId", where);
    user->is_number = json_is_integer(value);
    return member_read_id(value, name, &user->id, fault);
}

int v1_set_place(struct position *position, double lat_deg, double lng_deg, const char *where,
                 struct fault *fault)
{
    int32_t lat_e7;
    int32_t lng_e7;
    position->lat = (struct coordinate){.real = lat_deg};
    position->lng = (struct coordinate){.real = lng_deg};
    if (!position_to_e7(position, &lat_e7, &lng_e7))
        fault_set(fault, FAULT_bad_position,
                  "%s: expected a latitude from -90 to 90 and a longitude from -180 to 180", where);
    else if (lat_e7 == 0 && lng_e7 == 0)
        fault_set(fault, FAULT_bad_position,
                  "%s: 0,0 is what devices say that don't know where they are", where);
    else
        return position_set_e7(position, lat_e7, lng_e7), 0;
    return ERR_FORMAT;
}

static int read_degrees(const json_t *object, const char *where, const char *name, double *degrees,
                        struct fault *fault)
{
    const json_t *value = v1_member(object, name);
    if (value == NULL) {
        fault_set(fault, FAULT_missing_member, "%s%s: missing, a position needs it", where, name);
        return ERR_FORMAT;
    }
    if (!json_is_number(value))
        return refuse_kind(value, where, name, "a number", fault);
    *degrees = json_number_value(value);
    return 0;
}

static int read_place(const json_t *object, const char *where, struct position *position,
                      struct fault *fault)
{
    double lat_deg = 0;
    double lng_deg = 0;
    char name[MEMBER_WHERE_BYTES];
    int err = read_degrees(object, where, "lat", &lat_deg, fault);
    if (err == 0)
        err = read_degrees(object, where, "lng", &lng_deg, fault);
    if (err < 0)
        return err;
    snprintf(name, sizeof name, "%slat, lng", where);
    return v1_set_place(position, lat_deg, lng_deg, name, fault);
}

int v1_read_time(const json_t *value, const char *where, struct position *position,
                 struct fault *fault)
{
    position->time_is_arrival = value == NULL;
    position->time_ms = 0;
    if (value == NULL)
        return 0;
    struct span text = span_of(json_string_value(value), json_string_length(value));
    if (json_is_integer(value)) {
        position->time_ms = json_integer_value(value);
        return 0;
    }
    if (json_is_string(value) && date_time_parse(text, DATE_TIME_RFC3339, &position->time_ms))
        return 0;
    fault_set(fault, FAULT_bad_time,
              "%stime: expected whole milliseconds since 1970, or a text as in RFC 3339", where);
    return ERR_FORMAT;
}

int v1_read_position(const json_t *object, const char *where, const struct v1_user *otherwise,
                     struct position *position, struct fault *fault)
{
    struct v1_user user = {0};
    *position = (struct position){0};
    int err = v1_read_user(object, where, otherwise, &user, fault);
    if (err == 0)
        err = read_place(object, where, position, fault);
    if (err == 0)
        err = v1_read_time(v1_member(object, "time"), where, position, fault);
    if (err == 0)
        err = v1_read_details(object, where, position, fault);
    position->runner = user.id;
    position->runner_is_number = user.is_number;
    return err;
}

char *v1_write_position_members(char *to, const struct position *position)
{
    int32_t lat_e7;
    int32_t lng_e7;
    if (!position_to_e7(position, &lat_e7, &lng_e7))
        return NULL;
    to = json_text_raw(to, "\"userId\":");
    to = id_json_write(to, &position->runner, position->runner_is_number);
    to = json_text_raw(to, ",\"lat\":");
    to = json_text_fixed(to, lat_e7, 7);
    to = json_text_raw(to, ",\"lng\":");
    to = json_text_fixed(to, lng_e7, 7);
    to = json_text_raw(to, ",\"time\":");
    to = json_text_integer(to, position->time_ms);
    return v1_write_details(to, &position->detail);
}
