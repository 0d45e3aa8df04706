/*
 * Decoding of the seed dialect: a usual position is scanned (proto/seed_scan.h). Of anything else jansson makes a tree, and the
 * members that count are read from it one by one. Each reader takes the value as it is (NULL when the member is absent) and
 * gives 0, or fills the fault with the member's name and what is wrong with it.
 */
#include "proto/seed.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "proto/json_tree.h"
#include "proto/member.h"
#include "proto/seed_scan.h"

#define WHERE_BYTES 32

static int read_coordinate(const json_t *root, const char *name, struct coordinate *coordinate,
                           struct fault *fault)
{
    const json_t *value = NULL;
    int err = member_need(root, name, "a position", &value, fault);
    if (err < 0)
        return err;
    if (!json_is_number(value)) {
        fault_set(fault, FAULT_wrong_type, "%s: expected a number, got %s", name,
                  json_tree_kind(value));
        return ERR_FORMAT;
    }
    coordinate->is_integer = json_is_integer(value);
    if (coordinate->is_integer)
        coordinate->integer = json_integer_value(value);
    else
        coordinate->real = json_real_value(value);
    return 0;
}

static int read_position(const json_t *root, struct position *position, struct fault *fault)
{
    const json_t *user = NULL;
    *position = (struct position){0};
    int err = member_need(root, "userId", "a position", &user, fault);
    if (err == 0)
        err = member_read_id(user, "userId", &position->runner, fault);
    if (err == 0)
        err = read_coordinate(root, "lat", &position->lat, fault);
    if (err == 0)
        err = read_coordinate(root, "lng", &position->lng, fault);
    position->runner_is_number = json_is_integer(user);
    return err;
}

static int reserve_ids(struct seed_message *message, size_t count, struct fault *fault)
{
    if (count <= message->id_capacity)
        return 0;
    struct runner_id *ids = mem_try_resize(message->ids, count * sizeof *ids);
    if (ids == NULL) {
        fault_set(fault, FAULT_out_of_memory, "following: no memory for %zu ids", count);
        return ERR_NO_MEMORY;
    }
    message->ids = ids;
    message->id_capacity = count;
    return 0;
}

static int read_ids(const json_t *list, struct seed_message *message, struct fault *fault)
{
    size_t count = json_array_size(list);
    int err = reserve_ids(message, count, fault);
    for (size_t i = 0; err == 0 && i < count; i++) {
        char where[WHERE_BYTES];
        snprintf(where, sizeof where, "following[%zu]", i);
        err = member_read_id(json_array_get(list, i), where, &message->ids[i], fault);
    }
    if (err == 0)
        message->id_count = count;
    return err;
}

/* The session's own id, which the prototype sent along. */
static int read_own_id(const json_t *root, struct runner_id *id, struct fault *fault)
{
    const json_t *user = json_object_get(root, "userId");
    id->len = 0;
    return user == NULL || json_is_null(user) ? 0 : member_read_id(user, "userId", id, fault);
}

static int read_follow(const json_t *root, const struct seed_limits *limits,
                       struct seed_message *message, struct fault *fault)
{
    const json_t *list = NULL;
    int err = member_need(root, "following", "a follow message", &list, fault);
    if (err < 0)
        return err;
    if (!json_is_array(list)) {
        fault_set(fault, FAULT_wrong_type, "following: expected an array of ids, got %s",
                  json_tree_kind(list));
        return ERR_FORMAT;
    }
    if (json_array_size(list) > limits->max_ids) {
        fault_set(fault, FAULT_too_many_follows, "following: %zu ids, at most %zu are taken",
                  json_array_size(list), limits->max_ids);
        return ERR_FORMAT;
    }
    err = member_read_flag(root, "snapshot", &message->snapshot, fault);
    if (err == 0)
        err = member_read_pace(root, &message->sets_pace, &message->pace_ms, fault);
    if (err == 0)
        err = read_own_id(root, &message->user, fault);
    return err == 0 ? read_ids(list, message, fault) : err;
}

/* A position may carry a member of that name, like any other that is not known there. */
static bool is_token(const json_t *root)
{
    return json_object_get(root, "token") != NULL && json_object_get(root, "lat") == NULL &&
           json_object_get(root, "lng") == NULL;
}

static int read_token(const json_t *root, struct buf *token, struct fault *fault)
{
    const json_t *value = json_object_get(root, "token");
    if (!json_is_string(value)) {
        fault_set(fault, FAULT_wrong_type, "token: expected a string, got %s",
                  json_tree_kind(value));
        return ERR_FORMAT;
    }
    token->len = 0;
    int err = buf_append(token, span_of(json_string_value(value), json_string_length(value)));
    if (err < 0)
        fault_set(fault, FAULT_out_of_memory, "token: no memory for it");
    return err;
}

static int read_message(const json_t *root, const struct seed_limits *limits,
                        struct seed_message *message, struct fault *fault)
{
    if (!json_is_object(root)) {
        fault_set(fault, FAULT_not_an_object, "expected an object, got %s", json_tree_kind(root));
        return ERR_FORMAT;
    }
    bool is_follow = false;
    int err = member_read_flag(root, "initialRequest", &is_follow, fault);
    if (err < 0)
        return err;
    if (is_follow) {
        message->kind = SEED_FOLLOW;
        return read_follow(root, limits, message, fault);
    }
    if (is_token(root)) {
        message->kind = SEED_TOKEN;
        return read_token(root, &message->token, fault);
    }
    message->kind = SEED_POSITION;
    return read_position(root, &message->position, fault);
}

static void forget_last(struct seed_message *message)
{
    message->id_count = 0;
    message->snapshot = message->sets_pace = false;
    message->pace_ms = 0;
}

int seed_decode_json(struct span text, const struct seed_limits *limits,
                     struct seed_message *message, struct fault *fault)
{
    struct json_tree tree;
    forget_last(message);
    int err = json_tree_parse(&tree, text, fault);
    if (err == 0)
        err = read_message(tree.root, limits, message, fault);
    json_tree_fini(&tree);
    return err;
}

int seed_decode(struct span text, const struct seed_limits *limits, struct seed_message *message,
                struct fault *fault)
{
    if (!seed_scan_position(text, &message->position))
        return seed_decode_json(text, limits, message, fault);
    forget_last(message);
    message->kind = SEED_POSITION;
    return 0;
}

void seed_message_fini(struct seed_message *message)
{
    mem_free(message->ids);
    buf_fini(&message->token);
    *message = (struct seed_message){0};
}
