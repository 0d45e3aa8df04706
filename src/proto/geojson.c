#include "proto/geojson.h"

#include <stdio.h>
#include <string.h>

#include "base/date_time.h"
#include "base/err.h"
#include "proto/id_json.h"
#include "proto/json_tree.h"
#include "proto/member.h"
#include "proto/v1_position.h"

/* --- encode --------------------------------------------------------------------------------------------------------- */

#define COORDINATES_BYTES (4 * JSON_TEXT_NUMBER_BYTES)

static char *write_coordinates(char *to, const struct position *position, bool with_altitude)
{
    int32_t lat_e7 = 0;
    int32_t lng_e7 = 0;
    position_to_e7(position, &lat_e7, &lng_e7);
    to = json_text_fixed(json_text_raw(to, "["), lng_e7, 7);
    to = json_text_fixed(json_text_raw(to, ","), lat_e7, 7);
    if (with_altitude)
        to = json_text_fixed(json_text_raw(to, ","), position->detail.altitude_cm, 2);
    return json_text_raw(to, "]");
}

static char *write_time(char *to, int64_t time_ms)
{
    to = date_time_write(json_text_raw(to, "\""), time_ms);
    return json_text_raw(to, "\"");
}

static bool has_altitude(const struct position *position)
{
    return (position->detail.has & POSITION_ALTITUDE) != 0;
}

int geojson_encode_position(const struct position *position, struct buf *out)
{
    char text[256 + V1_POSITION_BYTES];
    struct position_detail rest = position->detail;
    int32_t lat_e7;
    int32_t lng_e7;
    if (!position_to_e7(position, &lat_e7, &lng_e7))
        return 0;
    rest.has &= (uint8_t)~POSITION_ALTITUDE; /* that is a coordinate here */
    char *end = json_text_raw(
        text, "{\"type\":\"Feature\",\"geometry\":{\"type\":\"Point\",\"coordinates\":");
    end = write_coordinates(end, position, has_altitude(position));
    end = json_text_raw(end, "},\"properties\":{\"userId\":");
    end = id_json_write(end, &position->runner, position->runner_is_number);
    end = write_time(json_text_raw(end, ",\"time\":"), position->time_ms);
    end = json_text_raw(v1_write_details(end, &rest), "}}");
    return buf_append(out, span_of(text, (size_t)(end - text)));
}

static int append_coordinates(const struct position *positions, size_t count, struct buf *out)
{
    bool with_altitude = true;
    for (size_t i = 0; i < count; i++)
        with_altitude = with_altitude && has_altitude(&positions[i]);
    int err = 0;
    for (size_t i = 0; err == 0 && i < count; i++) {
        char text[1 + COORDINATES_BYTES];
        char *end = json_text_raw(text, i > 0 ? "," : "");
        end = write_coordinates(end, &positions[i], with_altitude);
        err = buf_append(out, span_of(text, (size_t)(end - text)));
    }
    return err;
}

static int append_times(const struct position *positions, size_t count, struct buf *out)
{
    int err = 0;
    for (size_t i = 0; err == 0 && i < count; i++) {
        char text[3 + DATE_TIME_BYTES];
        char *end = write_time(json_text_raw(text, i > 0 ? "," : ""), positions[i].time_ms);
        err = buf_append(out, span_of(text, (size_t)(end - text)));
    }
    return err;
}

int geojson_encode_track(const struct v1_user *user, const struct position *positions, size_t count,
                         struct buf *out)
{
    char id[ID_JSON_BYTES];
    int id_len = (int)(id_json_write(id, &user->id, user->is_number) - id);
    size_t len_before = out->len;
    int err =
        buf_printf(out, "{\"type\":\"Feature\",\"geometry\":{\"type\":\"%s\",\"coordinates\":[",
                   count < 2 ? "MultiPoint" : "LineString");
    if (err == 0)
        err = append_coordinates(positions, count, out);
    if (err == 0)
        err = buf_printf(out, "]},\"properties\":{\"userId\":%.*s,\"coordTimes\":[", id_len, id);
    if (err == 0)
        err = append_times(positions, count, out);
    if (err == 0)
        err = buf_append_text(out, "]}}");
    if (err < 0)
        out->len = len_before;
    return err;
}

/* --- decode --------------------------------------------------------------------------------------------------------- */

#define WHERE_BYTES (2 * MEMBER_WHERE_BYTES)

/* What is decoded into, and what holds for all of it. */
struct decoding {
    const struct v1_limits *limits;
    struct v1_message *message;
    struct fault *fault;
};

/* A Feature whose form is known to be right. Borrowed from the tree. */
struct feature {
    const json_t *coordinates; /* an array: of one position, or of the positions of a line */
    const json_t *properties;  /* may be NULL */
    bool is_point;
    char where[MEMBER_WHERE_BYTES]; /* "" or "features[3]." */
};

static bool is_text(const json_t *value, const char *text)
{
    return json_is_string(value) &&
           span_equals(span_of(json_string_value(value), json_string_length(value)),
                       span_of_text(text));
}

/* `where` as in struct feature. */
static int refuse(const struct decoding *decoding, const char *where, const char *expected)
{
    int len = where[0] != '\0' ? (int)strlen(where) - 1 : 0;
    fault_set(decoding->fault, FAULT_wrong_type, "%.*s%sexpected %s", len, where,
              len > 0 ? ": " : "", expected);
    return ERR_FORMAT;
}

static int open_feature(const json_t *value, struct feature *feature,
                        const struct decoding *decoding)
{
    const json_t *geometry = json_object_get(value, "geometry");
    const json_t *type = json_object_get(geometry, "type");
    if (!is_text(json_object_get(value, "type"), "Feature"))
        return refuse(decoding, feature->where, "a Feature");
    feature->is_point = is_text(type, "Point");
    feature->coordinates = json_object_get(geometry, "coordinates");
    feature->properties = v1_member(value, "properties");
    bool is_line = is_text(type, "LineString") || is_text(type, "MultiPoint");
    if (!json_is_array(feature->coordinates) || (!feature->is_point && !is_line))
        return refuse(decoding, feature->where,
                      "a geometry that is a Point, a LineString or a MultiPoint");
    return 0;
}

static int read_coordinates(const json_t *value, const char *where, struct position *position,
                            const struct decoding *decoding)
{
    const json_t *lng = json_array_get(value, 0);
    const json_t *lat = json_array_get(value, 1);
    const json_t *altitude = json_array_get(value, 2);
    if (!json_is_number(lng) || !json_is_number(lat)) {
        fault_set(decoding->fault, FAULT_wrong_type,
                  "%s: expected numbers, longitude, latitude and perhaps altitude", where);
        return ERR_FORMAT;
    }
    int err = v1_set_place(position, json_number_value(lat), json_number_value(lng), where,
                           decoding->fault);
    return err == 0 ? v1_read_altitude(altitude, where, position, decoding->fault) : err;
}

/* One more, at these coordinates. There is room. */
static int add_position(const struct feature *feature, const json_t *coordinates,
                        const json_t *time, const char *where, const struct decoding *decoding)
{
    struct v1_message *message = decoding->message;
    struct position *position = &message->positions[message->position_count];
    struct v1_user user = {0};
    *position = (struct position){0};
    message->index = message->position_count++;
    int err = v1_read_user(feature->properties, feature->where, decoding->limits->publishes, &user,
                           decoding->fault);
    if (err == 0 && feature->is_point)
        err = v1_read_details(feature->properties, feature->where, position, decoding->fault);
    if (err == 0)
        err = read_coordinates(coordinates, where, position, decoding);
    if (err == 0)
        err = v1_read_time(time, feature->where, position, decoding->fault);
    position->runner = user.id;
    position->runner_is_number = user.is_number;
    return err;
}

static int add_line(const struct feature *feature, const struct decoding *decoding)
{
    const json_t *times = v1_member(feature->properties, "coordTimes");
    size_t count = json_array_size(feature->coordinates);
    if (!json_is_array(times) || json_array_size(times) != count) {
        fault_set(decoding->fault, FAULT_bad_time,
                  "%scoordTimes: expected an array with a time for each of %zu coordinates",
                  feature->where, count);
        return ERR_FORMAT;
    }
    int err = 0;
    for (size_t i = 0; err == 0 && i < count; i++) {
        char where[WHERE_BYTES];
        snprintf(where, sizeof where, "%scoordinates[%zu]", feature->where, i);
        err = add_position(feature, json_array_get(feature->coordinates, i),
                           json_array_get(times, i), where, decoding);
    }
    return err;
}

static int add_feature(const struct feature *feature, const struct decoding *decoding)
{
    struct v1_message *message = decoding->message;
    char where[WHERE_BYTES];
    size_t more = feature->is_point ? 1 : json_array_size(feature->coordinates);
    size_t count = message->position_count + more;
    if (count > decoding->limits->max_positions) {
        fault_set(decoding->fault, FAULT_too_many_positions,
                  "%s%zu positions, at most %zu are taken", feature->where, count,
                  decoding->limits->max_positions);
        return ERR_FORMAT;
    }
    int err = v1_reserve_positions(message, count, decoding->fault);
    if (err < 0)
        return err;
    if (!feature->is_point)
        return add_line(feature, decoding);
    snprintf(where, sizeof where, "%scoordinates", feature->where);
    return add_position(feature, feature->coordinates, v1_member(feature->properties, "time"),
                        where, decoding);
}

static int read_features(const json_t *list, const struct decoding *decoding)
{
    int err = 0;
    for (size_t i = 0; err == 0 && i < json_array_size(list); i++) {
        struct feature feature;
        snprintf(feature.where, sizeof feature.where, "features[%zu].", i);
        err = open_feature(json_array_get(list, i), &feature, decoding);
        if (err == 0)
            err = add_feature(&feature, decoding);
    }
    return err;
}

static int read_document(const json_t *root, const struct decoding *decoding)
{
    struct feature feature = {.where = ""};
    const json_t *list = json_object_get(root, "features");
    if (is_text(json_object_get(root, "type"), "FeatureCollection"))
        return json_is_array(list) ? read_features(list, decoding)
                                   : refuse(decoding, "features.", "an array");
    int err = open_feature(root, &feature, decoding);
    return err == 0 ? add_feature(&feature, decoding) : err;
}

int geojson_decode(struct span text, const struct v1_limits *limits, struct v1_message *message,
                   struct fault *fault)
{
    struct decoding decoding = {.limits = limits, .message = message, .fault = fault};
    struct json_tree tree;
    v1_message_clear(message, V1_POSITIONS);
    int err = json_tree_parse(&tree, text, fault);
    if (err == 0)
        err = read_document(tree.root, &decoding);
    json_tree_fini(&tree);
    if (err == 0)
        message->index = V1_NO_INDEX;
    return err;
}
