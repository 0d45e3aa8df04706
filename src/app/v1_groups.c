#include "app/v1_groups.h"

#include <stdlib.h>
#include <string.h>

#include "app/access.h"
#include "app/session_act.h"
#include "app/shard.h"
#include "auth/groups.h"
#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"

static struct span id_span(const struct runner_id *id)
{
    return span_of(id->text, id->len);
}

static bool is_same(const struct runner_id *a, const struct runner_id *b)
{
    return span_equals(id_span(a), id_span(b));
}

static bool holds(const struct v1_groups *groups, const struct runner_id *name)
{
    for (size_t i = 0; i < groups->count; i++)
        if (is_same(&groups->names[i], name))
            return true;
    return false;
}

int v1_groups_add(struct v1_groups *groups, const struct v1_names *names)
{
    size_t most = groups->count;
    for (size_t i = 0; i < names->count && most <= V1_GROUPS_MAX; i++)
        most += !holds(groups, &names->items[i]);
    if (most == groups->count)
        return 0;
    if (most > V1_GROUPS_MAX)
        return ERR_FULL;
    struct runner_id *grown = mem_try_resize(groups->names, most * sizeof *grown);
    if (grown == NULL)
        return ERR_NO_MEMORY;
    groups->names = grown;
    for (size_t i = 0; i < names->count; i++)
        if (!holds(groups, &names->items[i]))
            groups->names[groups->count++] = names->items[i];
    return 0;
}

static void forget_names(struct v1_groups *groups, const struct v1_names *names)
{
    struct v1_groups gone = {.names = names->items, .count = names->count};
    size_t left = 0;
    for (size_t i = 0; i < groups->count; i++)
        if (!holds(&gone, &groups->names[i]))
            groups->names[left++] = groups->names[i];
    groups->count = left;
}

void v1_groups_fini(struct v1_groups *groups)
{
    mem_free(groups->names);
    *groups = (struct v1_groups){0};
}

/* --- who is in them ------------------------------------------------------------------------------------------------- */

/* Groups as their members are found, each looked up once. */
struct wanted {
    bool is_all;
    size_t count;
    const struct grants *grants[V1_GROUPS_MAX];
};

static void look_up(const struct session *session, const struct runner_id *names, size_t count,
                    struct wanted *wanted)
{
    const struct auth_groups *groups = access_groups(session->shard->access);
    *wanted = (struct wanted){.count = 0};
    CHECK(count <= V1_GROUPS_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct grants *found =
            groups != NULL ? auth_groups_find(groups, id_span(&names[i])) : NULL;
        wanted->is_all |= span_equals(id_span(&names[i]), span_of_text(V1_GROUP_ALL));
        if (found != NULL)
            wanted->grants[wanted->count++] = found;
    }
}

static bool is_in_any(const struct wanted *wanted, const struct runner_id *id)
{
    for (size_t i = 0; i < wanted->count && !wanted->is_all; i++)
        if (grants_allow(wanted->grants[i], id_span(id)))
            return true;
    return wanted->is_all;
}

struct search {
    const struct session *session;
    struct wanted wanted;
    struct buf *members;
    int err;
};

static bool look_at(void *ctx, const struct position *position, enum runner_status status)
{
    struct search *search = ctx;
    const struct runner_id *id = &position->runner;
    (void)status;
    if (is_in_any(&search->wanted, id) && act_may_follow(search->session, id))
        search->err = buf_append(search->members, span_of(id, sizeof *id));
    return search->err == 0;
}

int v1_groups_members(const struct session *session, const struct v1_names *groups,
                      struct buf *members)
{
    struct search search = {.session = session, .members = members};
    if (groups->count == 0)
        return 0;
    if (groups->count > V1_GROUPS_MAX)
        return ERR_FULL;
    look_up(session, groups->items, groups->count, &search.wanted);
    hub_each_newest(session->shard->hub, look_at, &search);
    return search.err;
}

int v1_groups_among(const struct session *session, const struct runner_id *ids, size_t count,
                    struct buf *members)
{
    const struct v1_groups *groups = v1_session_groups(session);
    struct wanted wanted;
    int err = 0;
    look_up(session, groups->names, groups->count, &wanted);
    for (size_t i = 0; i < count && err == 0; i++)
        if (is_in_any(&wanted, &ids[i]) && act_may_follow(session, &ids[i]))
            err = buf_append(members, span_of(&ids[i], sizeof ids[i]));
    return err;
}

/* --- who leaves ----------------------------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const struct runner_id *left = a;
    const struct runner_id *right = b;
    size_t shorter = left->len < right->len ? left->len : right->len;
    int order = memcmp(left->text, right->text, shorter);
    return order != 0 ? order : (int)left->len - (int)right->len;
}

struct leaving {
    const struct v1_names *names; /* in order */
    struct wanted left;
    struct wanted kept;
};

static bool stays(void *ctx, const struct runner_id *id)
{
    const struct leaving *leaving = ctx;
    const struct v1_names *names = leaving->names;
    if (names->count > 0 && bsearch(id, names->items, names->count, sizeof *id, compare) != NULL)
        return false;
    return !is_in_any(&leaving->left, id) || is_in_any(&leaving->kept, id);
}

int v1_groups_leave(struct session *session, struct v1_groups *groups, const struct v1_names *names,
                    const struct v1_names *left)
{
    struct leaving leaving = {.names = names};
    struct shard *shard = session->shard;
    if (left->count > V1_GROUPS_MAX)
        return ERR_FULL;
    forget_names(groups, left);
    look_up(session, left->items, left->count, &leaving.left);
    look_up(session, groups->names, groups->count, &leaving.kept);
    if (names->count > 0)
        qsort(names->items, names->count, sizeof *names->items, compare);
    return hub_narrow(shard->hub, &session->follower, stays, &leaving,
                      worker_now_ms(shard->worker));
}
