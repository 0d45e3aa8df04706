#include "app/awaited.h"

#include "app/session.h"
#include "base/check.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"

#define HASH_NONFATAL_OOM 1
#define uthash_malloc(bytes) mem_try(bytes)
#define uthash_free(memory, bytes) mem_free(memory)
#define HASH_FUNCTION(key, len, hash) ((hash) = hash_for_table((key), (len)))
#include <uthash.h>

struct expecting {
    uint64_t id; /* of the session */
    struct session *session;
    size_t things; /* on their way */
    struct buf rest;
    UT_hash_handle hh;
};

struct awaited {
    struct expecting *by_id;
};

struct awaited *awaited_new(void)
{
    return mem_must(sizeof(struct awaited));
}

void awaited_free(struct awaited **awaited)
{
    struct awaited *it = *awaited;
    if (it == NULL)
        return;
    CHECK(it->by_id == NULL);
    mem_free(it);
    *awaited = NULL;
}

static struct expecting *find(const struct awaited *awaited, uint64_t id)
{
    struct expecting *found = NULL;
    HASH_FIND(hh, awaited->by_id, &id, sizeof id, found);
    return found;
}

static void forget(struct awaited *awaited, struct expecting *expecting)
{
    HASH_DELETE(hh, awaited->by_id, expecting);
    buf_fini(&expecting->rest);
    mem_free(expecting);
}

static struct expecting *add(struct awaited *awaited, struct session *session)
{
    struct expecting *expecting = mem_try(sizeof *expecting);
    if (expecting == NULL)
        return NULL;
    expecting->id = session->id;
    expecting->session = session;
    HASH_ADD(hh, awaited->by_id, id, sizeof expecting->id, expecting);
    if (expecting->hh.tbl != NULL)
        return expecting;
    mem_free(expecting);
    return NULL;
}

int awaited_expect(struct awaited *awaited, struct session *session)
{
    struct expecting *expecting = find(awaited, session->id);
    if (expecting == NULL)
        expecting = add(awaited, session);
    if (expecting == NULL)
        return ERR_NO_MEMORY;
    expecting->things++;
    return 0;
}

struct session *awaited_find(const struct awaited *awaited, uint64_t session_id)
{
    const struct expecting *expecting = find(awaited, session_id);
    return expecting != NULL ? expecting->session : NULL;
}

struct session *awaited_take(struct awaited *awaited, uint64_t session_id)
{
    struct expecting *expecting = find(awaited, session_id);
    if (expecting == NULL)
        return NULL;
    struct session *session = expecting->session;
    if (--expecting->things == 0)
        forget(awaited, expecting);
    return session;
}

int awaited_keep(struct awaited *awaited, const struct session *session, struct span bytes)
{
    struct expecting *expecting = find(awaited, session->id);
    CHECK(expecting != NULL);
    return buf_append(&expecting->rest, bytes);
}

struct buf awaited_rest(struct awaited *awaited, uint64_t session_id)
{
    struct expecting *expecting = find(awaited, session_id);
    struct buf rest = {0};
    if (expecting == NULL)
        return rest;
    rest = expecting->rest;
    expecting->rest = (struct buf){0};
    return rest;
}

bool awaited_has(const struct awaited *awaited, uint64_t session_id)
{
    return find(awaited, session_id) != NULL;
}

void awaited_forget(struct awaited *awaited, const struct session *session)
{
    struct expecting *expecting = find(awaited, session->id);
    if (expecting != NULL)
        forget(awaited, expecting);
}
