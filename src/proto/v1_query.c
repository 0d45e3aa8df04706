#include "proto/v1_query.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "codec/query.h"
#include "proto/member.h"

#define ENCODED_ID_BYTES ((size_t)3 * RUNNER_ID_BYTES)

struct reading {
    const struct v1_limits *limits;
    struct v1_message *message;
    struct fault *fault;
};

static int refuse(struct reading *reading, enum fault_code code, const char *text)
{
    fault_set(reading->fault, code, "%s", text);
    return code == FAULT_out_of_memory ? ERR_NO_MEMORY : ERR_FORMAT;
}

/* --- names ---------------------------------------------------------------------------------------------------------- */

static int reserve_one(struct reading *reading, struct v1_names *names)
{
    const struct v1_message *message = reading->message;
    if (message->runners.count + message->groups.count >= reading->limits->max_names)
        return refuse(reading, FAULT_too_many_follows, "follow, group: more names than are taken");
    if (names->count < names->capacity)
        return 0;
    size_t capacity = names->capacity * 2 + 8;
    struct runner_id *items = mem_try_resize(names->items, capacity * sizeof *items);
    if (items == NULL)
        return refuse(reading, FAULT_out_of_memory, "no memory for the names");
    names->items = items;
    names->capacity = capacity;
    return 0;
}

static int read_name(struct reading *reading, struct span text, struct v1_names *names)
{
    uint8_t decoded[ENCODED_ID_BYTES];
    int err = reserve_one(reading, names);
    if (err < 0)
        return err;
    if (text.len > sizeof decoded)
        return refuse(reading, FAULT_id_too_long, "follow, group: a name has 1 to 64 bytes");
    struct span name = span_of(decoded, percent_decode(text, decoded));
    if (runner_id_set(&names->items[names->count], name) < 0)
        return refuse(reading, name.len > RUNNER_ID_BYTES ? FAULT_id_too_long : FAULT_bad_id,
                      "follow, group: a name has 1 to 64 bytes of UTF-8");
    names->count++;
    return 0;
}

static int read_names(struct reading *reading, struct span list, struct v1_names *names)
{
    int err = 0;
    for (bool has_more = true; has_more && err == 0;) {
        const uint8_t *comma = list.len > 0 ? memchr(list.data, ',', list.len) : NULL;
        size_t len = comma != NULL ? (size_t)(comma - list.data) : list.len;
        err = read_name(reading, span_of(list.data, len), names);
        has_more = comma != NULL;
        if (has_more)
            list = span_of(comma + 1, list.len - len - 1);
    }
    return err;
}

/* --- the others ----------------------------------------------------------------------------------------------------- */

static int read_follow(struct reading *reading, struct span value)
{
    return read_names(reading, value, &reading->message->runners);
}

static int read_group(struct reading *reading, struct span value)
{
    return read_names(reading, value, &reading->message->groups);
}

static int read_every(struct reading *reading, struct span value)
{
    uint32_t every_ms = 0;
    bool is_number = value.len > 0;
    for (size_t i = 0; i < value.len && is_number; i++) {
        is_number = value.data[i] >= '0' && value.data[i] <= '9';
        every_ms = every_ms * 10 + (value.data[i] - '0');
        is_number &= every_ms <= PACE_MAX_MS;
    }
    if (!is_number)
        return refuse(reading, FAULT_bad_pace, "every: expected milliseconds from 0 to 60000");
    reading->message->sets_pace = true;
    reading->message->pace_ms = (every_ms + PACE_STEP_MS - 1) / PACE_STEP_MS * PACE_STEP_MS;
    return 0;
}

/* One that can't be read is of another server, as far as anybody knows. */
static int read_since(struct reading *reading, struct span value)
{
    struct v1_message *message = reading->message;
    message->since = cursor_read(value, &message->cursor) == 0 ? V1_SINCE_CURSOR : V1_SINCE_UNKNOWN;
    return 0;
}

static int read_field(struct reading *reading, const struct query_field *field)
{
    static const struct {
        const char *name;
        int (*read)(struct reading *reading, struct span value);
    } parameters[] = {
        {"follow", read_follow},
        {"group", read_group},
        {"every", read_every},
        {"since", read_since},
    };
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++)
        if (percent_decoded_is(field->name, parameters[i].name))
            return parameters[i].read(reading, field->value);
    return 0;
}

int v1_decode_query(struct span query, struct span last_event_id, const struct v1_limits *limits,
                    struct v1_message *message, struct fault *fault)
{
    struct reading reading = {.limits = limits, .message = message, .fault = fault};
    struct query_field field;
    int err = 0;
    v1_message_clear(message, V1_FOLLOW);
    while (err == 0 && query_next(&query, &field))
        err = read_field(&reading, &field);
    if (err == 0 && message->runners.count + message->groups.count == 0)
        err = refuse(&reading, FAULT_missing_member, "follow, group: one of these is needed");
    if (err == 0 && last_event_id.len > 0)
        err = read_since(&reading, last_event_id);
    return err;
}
