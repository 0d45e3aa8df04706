#include "auth/groups.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "auth/claims.h"
#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"

struct group {
    struct span name;      /* owned */
    struct grants *grants; /* owned */
};

struct auth_groups {
    atomic_size_t references;
    size_t count;
    struct group groups[]; /* by their names */
};

static int compare(const void *a, const void *b)
{
    return span_compare(((const struct group *)a)->name, ((const struct group *)b)->name);
}

/* For a message: what is not printable ASCII becomes a question mark. */
static void complain(char message[AUTH_GROUPS_MESSAGE_BYTES], const char *name, const char *what)
{
    snprintf(message, AUTH_GROUPS_MESSAGE_BYTES, "group \"%.64s\": %s", name, what);
    for (char *at = message; *at != '\0'; at++) {
        if (*at < 0x20 || *at > 0x7e)
            *at = '?';
    }
}

static bool names_a_group(const json_t *array)
{
    size_t mark_len = strlen(GRANT_GROUP);
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *text = json_string_value(json_array_get(array, i));
        if (text != NULL && strncmp(text, GRANT_GROUP, mark_len) == 0)
            return true;
    }
    return false;
}

/* Like claims_grants(), `*what` says what is wrong. */
static int read_grants(const json_t *value, struct grants **grants, const char **what)
{
    if (names_a_group(value)) {
        *what = "a group holds no other groups";
        return ERR_FORMAT;
    }
    int err = claims_grants(value, json_array_size(value), NULL, grants);
    *what = err == ERR_NO_MEMORY ? "no memory"
                                 : "expected an array of ids (integers, or strings of 1 to 64 "
                                   "bytes) and of prefixes with a * behind them";
    return err;
}

static int add(struct auth_groups *groups, const char *name, const json_t *value, const char **what)
{
    struct group *group = &groups->groups[groups->count];
    size_t len = strlen(name);
    if (len == 0 || len > GRANT_ID_BYTES) {
        *what = "a name has 1 to 64 bytes";
        return ERR_FORMAT;
    }
    int err = read_grants(value, &group->grants, what);
    if (err < 0)
        return err;
    groups->count++;
    uint8_t *copy = mem_try(len);
    if (copy == NULL) {
        *what = "no memory";
        return ERR_NO_MEMORY;
    }
    memcpy(copy, name, len);
    group->name = span_of(copy, len);
    return 0;
}

static int read_groups(json_t *root, struct auth_groups **out,
                       char message[AUTH_GROUPS_MESSAGE_BYTES])
{
    const char *name;
    json_t *value;
    struct auth_groups *groups =
        mem_try(sizeof *groups + json_object_size(root) * sizeof *groups->groups);
    if (groups == NULL) {
        snprintf(message, AUTH_GROUPS_MESSAGE_BYTES, "no memory");
        return ERR_NO_MEMORY;
    }
    atomic_init(&groups->references, 1);
    json_object_foreach(root, name, value)
    {
        const char *what;
        int err = add(groups, name, value, &what);
        if (err < 0) {
            complain(message, name, what);
            auth_groups_drop(&groups);
            return err;
        }
    }
    qsort(groups->groups, groups->count, sizeof *groups->groups, compare);
    *out = groups;
    return 0;
}

int auth_groups_parse(struct span text, struct auth_groups **groups,
                      char message[AUTH_GROUPS_MESSAGE_BYTES])
{
    json_t *root = NULL;
    json_error_t error;
    if (text.len > AUTH_GROUPS_BYTES) {
        snprintf(message, AUTH_GROUPS_MESSAGE_BYTES, "more than %d bytes", AUTH_GROUPS_BYTES);
        return ERR_TOO_BIG;
    }
    int err = claims_parse(text, &root, &error);
    if (err < 0) {
        snprintf(message, AUTH_GROUPS_MESSAGE_BYTES,
                 "line %d, column %d: expected {\"NAME\": [..]}", error.line, error.column);
        return err;
    }
    err = read_groups(root, groups, message);
    json_decref(root);
    return err;
}

struct auth_groups *auth_groups_hold(struct auth_groups *groups)
{
    atomic_fetch_add_explicit(&groups->references, 1, memory_order_relaxed);
    return groups;
}

static void free_groups(struct auth_groups *groups)
{
    for (size_t i = 0; i < groups->count; i++) {
        mem_free((void *)groups->groups[i].name.data);
        grants_free(&groups->groups[i].grants);
    }
    mem_free(groups);
}

void auth_groups_drop(struct auth_groups **groups)
{
    if (*groups == NULL)
        return;
    size_t before = atomic_fetch_sub_explicit(&(*groups)->references, 1, memory_order_acq_rel);
    CHECK(before > 0);
    if (before == 1)
        free_groups(*groups);
    *groups = NULL;
}

const struct grants *auth_groups_find(const struct auth_groups *groups, struct span name)
{
    size_t low = 0;
    size_t high = groups == NULL ? 0 : groups->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct group *group = &groups->groups[middle];
        int order = span_compare(group->name, name);
        if (order == 0)
            return group->grants;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

bool auth_groups_equal(const struct auth_groups *groups, const struct auth_groups *other)
{
    if (groups->count != other->count)
        return false;
    for (size_t i = 0; i < groups->count; i++) {
        if (!span_equals(groups->groups[i].name, other->groups[i].name) ||
            !grants_equal(groups->groups[i].grants, other->groups[i].grants))
            return false;
    }
    return true;
}

size_t auth_groups_count(const struct auth_groups *groups)
{
    return groups->count;
}
