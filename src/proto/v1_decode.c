/*
 * Decoding of the dialect v1: jansson makes a tree, `type` chooses a reader, and that takes the members that count. A message is
 * reused, so each begins with forgetting the last; when a reader fails, only the id and the index of the message are looked at.
 */
#include "proto/v1.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "proto/id_json.h"
#include "proto/json_tree.h"
#include "proto/member.h"
#include "proto/v1_position.h"

static int refuse_kind(const json_t *value, const char *name, const char *expected,
                       struct fault *fault)
{
    fault_set(fault, FAULT_wrong_type, "%s: expected %s, got %s", name, expected,
              json_tree_kind(value));
    return ERR_FORMAT;
}

/* --- names ---------------------------------------------------------------------------------------------------------- */

static int reserve_names(struct v1_names *names, size_t count, struct fault *fault)
{
    if (count <= names->capacity)
        return 0;
    struct runner_id *items = mem_try_resize(names->items, count * sizeof *items);
    if (items == NULL) {
        fault_set(fault, FAULT_out_of_memory, "no memory for %zu names", count);
        return ERR_NO_MEMORY;
    }
    names->items = items;
    names->capacity = count;
    return 0;
}

/* A group is not a runner: 7 is none. */
static int read_group(const json_t *value, const char *where, struct runner_id *group,
                      struct fault *fault)
{
    if (json_string_length(value) > 0)
        return member_read_id(value, where, group, fault);
    fault_set(fault, FAULT_bad_id, "%s: the name of a group is a string of 1 to %d bytes", where,
              V1_GROUP_BYTES);
    return ERR_FORMAT;
}

typedef int read_name_fn(const json_t *value, const char *where, struct runner_id *name,
                         struct fault *fault);

static int read_names(const json_t *list, const char *name, read_name_fn *read_name,
                      struct v1_names *names, struct fault *fault)
{
    size_t count = json_array_size(list);
    int err = reserve_names(names, count, fault);
    for (size_t i = 0; err == 0 && i < count; i++) {
        char where[MEMBER_WHERE_BYTES];
        snprintf(where, sizeof where, "%s[%zu]", name, i);
        err = read_name(json_array_get(list, i), where, &names->items[i], fault);
    }
    names->count = count;
    return err;
}

static int find_list(const json_t *root, const char *name, const json_t **list, struct fault *fault)
{
    *list = v1_member(root, name);
    return *list == NULL || json_is_array(*list) ? 0 : refuse_kind(*list, name, "an array", fault);
}

static int read_runners_and_groups(const json_t *root, const struct v1_limits *limits,
                                   struct v1_message *message, struct fault *fault)
{
    const json_t *runners = NULL;
    const json_t *groups = NULL;
    int err = find_list(root, "runners", &runners, fault);
    if (err == 0)
        err = find_list(root, "groups", &groups, fault);
    if (err < 0)
        return err;
    size_t count = json_array_size(runners) + json_array_size(groups);
    if (count > limits->max_names) {
        fault_set(fault, FAULT_too_many_follows,
                  "runners, groups: %zu names, at most %zu are taken", count, limits->max_names);
        return ERR_FORMAT;
    }
    err = read_names(runners, "runners", member_read_id, &message->runners, fault);
    return err == 0 ? read_names(groups, "groups", read_group, &message->groups, fault) : err;
}

/* --- follow, unfollow ----------------------------------------------------------------------------------------------- */

static int read_since(const json_t *root, struct v1_message *message, struct fault *fault)
{
    const json_t *value = v1_member(root, "since");
    if (value == NULL)
        return 0;
    if (!json_is_string(value))
        return refuse_kind(value, "since", "a cursor, a string", fault);
    struct span text = span_of(json_string_value(value), json_string_length(value));
    bool is_ours = cursor_read(text, &message->cursor) == 0;
    message->since = is_ours ? V1_SINCE_CURSOR : V1_SINCE_UNKNOWN;
    return 0;
}

static int read_follow(const json_t *root, const struct v1_limits *limits,
                       struct v1_message *message, struct fault *fault)
{
    int err = read_since(root, message, fault);
    if (err == 0)
        err = member_read_pace(root, &message->sets_pace, &message->pace_ms, fault);
    return err == 0 ? read_runners_and_groups(root, limits, message, fault) : err;
}

/* --- positions ------------------------------------------------------------------------------------------------------ */

static int read_position(const json_t *root, const struct v1_limits *limits,
                         struct v1_message *message, struct fault *fault)
{
    int err = v1_reserve_positions(message, 1, fault);
    if (err == 0)
        err = v1_read_position(root, "", limits->publishes, &message->positions[0], fault);
    message->position_count = 1;
    return err;
}

static int read_item(const json_t *item, size_t index, const struct v1_user *otherwise,
                     struct v1_message *message, struct fault *fault)
{
    char where[MEMBER_WHERE_BYTES];
    int err = ERR_FORMAT;
    if (json_is_object(item)) {
        snprintf(where, sizeof where, "positions[%zu].", index);
        err = v1_read_position(item, where, otherwise, &message->positions[index], fault);
    } else {
        snprintf(where, sizeof where, "positions[%zu]", index);
        refuse_kind(item, where, "an object", fault);
    }
    if (err < 0)
        message->index = index;
    return err;
}

int v1_read_positions(const json_t *list, const struct v1_limits *limits,
                      const struct v1_user *otherwise, struct v1_message *message,
                      struct fault *fault)
{
    size_t count = json_array_size(list);
    if (count > limits->max_positions) {
        fault_set(fault, FAULT_too_many_positions, "positions: %zu of them, at most %zu are taken",
                  count, limits->max_positions);
        return ERR_FORMAT;
    }
    int err = v1_reserve_positions(message, count, fault);
    for (size_t i = 0; err == 0 && i < count; i++)
        err = read_item(json_array_get(list, i), i, otherwise, message, fault);
    message->position_count = count;
    return err;
}

int v1_read_positions_message(const json_t *root, const struct v1_limits *limits,
                              struct v1_message *message, struct fault *fault)
{
    const json_t *list = NULL;
    struct v1_user user = {0};
    bool names_user = v1_member(root, "userId") != NULL;
    int err = member_need(root, "positions", "a message of positions", &list, fault);
    if (err == 0 && !json_is_array(list))
        err = refuse_kind(list, "positions", "an array", fault);
    if (err == 0 && names_user)
        err = v1_read_user(root, "", NULL, &user, fault);
    if (err < 0)
        return err;
    return v1_read_positions(list, limits, names_user ? &user : limits->publishes, message, fault);
}

/* --- the rest ------------------------------------------------------------------------------------------------------- */

static int copy_token(const json_t *value, struct buf *token, struct fault *fault)
{
    if (!json_is_string(value))
        return refuse_kind(value, "token", "a string", fault);
    int err = buf_append(token, span_of(json_string_value(value), json_string_length(value)));
    if (err < 0)
        fault_set(fault, FAULT_out_of_memory, "token: no memory for it");
    return err;
}

static int read_hello(const json_t *root, const struct v1_limits *limits,
                      struct v1_message *message, struct fault *fault)
{
    (void)limits;
    const json_t *token = v1_member(root, "token");
    int err = token != NULL ? copy_token(token, &message->token, fault) : 0;
    if (err == 0 && v1_member(root, "userId") != NULL)
        err = v1_read_user(root, "", NULL, &message->user, fault);
    return err;
}

static int read_token(const json_t *root, const struct v1_limits *limits,
                      struct v1_message *message, struct fault *fault)
{
    (void)limits;
    const json_t *token = NULL;
    int err = member_need(root, "token", "a token message", &token, fault);
    return err == 0 ? copy_token(token, &message->token, fault) : err;
}

static int read_nothing(const json_t *root, const struct v1_limits *limits,
                        struct v1_message *message, struct fault *fault)
{
    (void)root, (void)limits, (void)message, (void)fault;
    return 0;
}

static const struct kind {
    const char *type;
    int (*read)(const json_t *root, const struct v1_limits *limits, struct v1_message *message,
                struct fault *fault);
} kinds[] = {
    [V1_HELLO] = {"hello", read_hello},
    [V1_FOLLOW] = {"follow", read_follow},
    [V1_UNFOLLOW] = {"unfollow", read_runners_and_groups},
    [V1_POSITION] = {"position", read_position},
    [V1_POSITIONS] = {"positions", v1_read_positions_message},
    [V1_TOKEN] = {"token", read_token},
    [V1_PING] = {"ping", read_nothing},
};

static int read_kind(const json_t *root, enum v1_kind *kind, struct fault *fault)
{
    const json_t *value = NULL;
    int err = member_need(root, "type", "a message", &value, fault);
    if (err < 0)
        return err;
    if (!json_is_string(value))
        return refuse_kind(value, "type", "a string", fault);
    struct span type = span_of(json_string_value(value), json_string_length(value));
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        *kind = (enum v1_kind)i;
        if (span_equals(type, span_of_text(kinds[i].type)))
            return 0;
    }
    fault_set(fault, FAULT_unknown_type, "type: there is no message of this type");
    return ERR_FORMAT;
}

static int read_request_id(const json_t *root, struct v1_request_id *id, struct fault *fault)
{
    _Static_assert(V1_REQUEST_ID_BYTES == RUNNER_ID_BYTES, "it is read as other ids are");
    const json_t *value = v1_member(root, "id");
    struct runner_id read;
    if (value == NULL)
        return 0;
    int err = member_read_id(value, "id", &read, fault);
    if (err == 0)
        id->len = (uint16_t)(id_json_write(id->text, &read, json_is_integer(value)) - id->text);
    return err;
}

static int read_message(const json_t *root, const struct v1_limits *limits,
                        struct v1_message *message, struct fault *fault)
{
    if (!json_is_object(root)) {
        fault_set(fault, FAULT_not_an_object, "expected an object, got %s", json_tree_kind(root));
        return ERR_FORMAT;
    }
    int err = read_request_id(root, &message->id, fault);
    if (err == 0)
        err = read_kind(root, &message->kind, fault);
    return err == 0 ? kinds[message->kind].read(root, limits, message, fault) : err;
}

void v1_message_clear(struct v1_message *message, enum v1_kind kind)
{
    message->kind = kind;
    message->id.len = 0;
    message->index = V1_NO_INDEX;
    message->user.id.len = 0;
    message->token.len = 0;
    message->runners.count = message->groups.count = 0;
    message->since = V1_SINCE_NOTHING;
    message->sets_pace = false;
    message->pace_ms = 0;
    message->position_count = 0;
}

int v1_decode(struct span text, const struct v1_limits *limits, struct v1_message *message,
              struct fault *fault)
{
    struct json_tree tree;
    v1_message_clear(message, V1_PING);
    int err = json_tree_parse(&tree, text, fault);
    if (err == 0)
        err = read_message(tree.root, limits, message, fault);
    json_tree_fini(&tree);
    return err;
}

void v1_message_fini(struct v1_message *message)
{
    buf_fini(&message->token);
    mem_free(message->runners.items);
    mem_free(message->groups.items);
    mem_free(message->positions);
    *message = (struct v1_message){0};
}
