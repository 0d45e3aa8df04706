#include "app/v1_groups.h"

#include <stdlib.h>
#include <string.h>

#include "app/access.h"
#include "app/session_act.h"
#include "app/shard.h"
#include "auth/groups.h"
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
    size_t most = groups->count + names->count;
    if (names->count == 0)
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

void v1_groups_remove(struct v1_groups *groups, const struct v1_names *names)
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

static bool is_in(const struct session *session, const struct runner_id *group,
                  const struct runner_id *id)
{
    if (span_equals(id_span(group), span_of_text(V1_GROUP_ALL)))
        return true;
    const struct auth_groups *groups = access_groups(session->shard->access);
    return groups != NULL && grants_allow(auth_groups_find(groups, id_span(group)), id_span(id));
}

static bool is_in_any(const struct session *session, const struct runner_id *groups, size_t count,
                      const struct runner_id *id)
{
    for (size_t i = 0; i < count; i++)
        if (is_in(session, &groups[i], id))
            return true;
    return false;
}

struct search {
    const struct session *session;
    const struct v1_names *groups;
    struct buf *members;
    int err;
};

static bool look_at(void *ctx, const struct position *position, enum runner_status status)
{
    struct search *search = ctx;
    const struct runner_id *id = &position->runner;
    (void)status;
    if (is_in_any(search->session, search->groups->items, search->groups->count, id) &&
        act_may_follow(search->session, id))
        search->err = buf_append(search->members, span_of(id, sizeof *id));
    return search->err == 0;
}

int v1_groups_members(const struct session *session, const struct v1_names *groups,
                      struct buf *members)
{
    struct search search = {.session = session, .groups = groups, .members = members};
    if (groups->count > 0)
        hub_each_newest(session->shard->hub, look_at, &search);
    return search.err;
}

int v1_groups_among(const struct session *session, const struct runner_id *ids, size_t count,
                    struct buf *members)
{
    const struct v1_groups *groups = v1_session_groups(session);
    int err = 0;
    for (size_t i = 0; i < count && err == 0; i++)
        if (is_in_any(session, groups->names, groups->count, &ids[i]) &&
            act_may_follow(session, &ids[i]))
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

void v1_leaving_sort(struct v1_leaving *leaving)
{
    if (leaving->names->count > 0)
        qsort(leaving->names->items, leaving->names->count, sizeof *leaving->names->items, compare);
}

bool v1_stays(void *ctx, const struct runner_id *id)
{
    const struct v1_leaving *leaving = ctx;
    const struct v1_names *names = leaving->names;
    const struct v1_groups *followed = v1_session_groups(leaving->session);
    if (names->count > 0 && bsearch(id, names->items, names->count, sizeof *id, compare) != NULL)
        return false;
    return !is_in_any(leaving->session, leaving->groups->items, leaving->groups->count, id) ||
           is_in_any(leaving->session, followed->names, followed->count, id);
}
