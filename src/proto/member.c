#include "proto/member.h"

#include <math.h>
#include <string.h>

#include "base/err.h"
#include "proto/json_tree.h"

int member_need(const json_t *root, const char *name, const char *kind, const json_t **value,
                struct fault *fault)
{
    *value = json_object_get(root, name);
    if (*value != NULL)
        return 0;
    fault_set(fault, FAULT_missing_member, "%s: missing, %s needs it", name, kind);
    return ERR_FORMAT;
}

int member_read_flag(const json_t *root, const char *name, bool *flag, struct fault *fault)
{
    const json_t *value = json_object_get(root, name);
    *flag = json_is_true(value);
    if (value == NULL || json_is_boolean(value) || json_is_null(value))
        return 0;
    fault_set(fault, FAULT_wrong_type, "%s: expected true or false, got %s", name,
              json_tree_kind(value));
    return ERR_FORMAT;
}

int member_read_id(const json_t *value, const char *where, struct runner_id *id,
                   struct fault *fault)
{
    if (json_is_integer(value)) {
        runner_id_set_integer(id, json_integer_value(value));
        return 0;
    }
    size_t len = json_string_length(value);
    if (len == 0) {
        fault_set(fault, FAULT_bad_id,
                  "%s: an id is an integer of 64 bits or a string of 1 to %d bytes", where,
                  RUNNER_ID_BYTES);
        return ERR_FORMAT;
    }
    if (len > RUNNER_ID_BYTES) {
        fault_set(fault, FAULT_id_too_long, "%s: an id has at most %d bytes, this one has %zu",
                  where, RUNNER_ID_BYTES, len);
        return ERR_FORMAT;
    }
    memcpy(id->text, json_string_value(value), len);
    id->len = (uint8_t)len;
    return 0;
}

int member_read_pace(const json_t *root, bool *is_there, uint32_t *pace_ms, struct fault *fault)
{
    const json_t *value = json_object_get(root, "every");
    *is_there = value != NULL && !json_is_null(value);
    if (!*is_there)
        return 0;
    double every_ms = json_is_number(value) ? json_number_value(value) : -1;
    if (every_ms < 0 || every_ms > PACE_MAX_MS) {
        fault_set(fault, FAULT_bad_pace, "every: expected milliseconds from 0 to %d, got %s",
                  PACE_MAX_MS, json_is_number(value) ? "another" : json_tree_kind(value));
        return ERR_FORMAT;
    }
    *pace_ms = (uint32_t)ceil(every_ms / PACE_STEP_MS) * PACE_STEP_MS;
    return 0;
}
