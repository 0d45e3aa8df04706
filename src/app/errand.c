#include "app/errand.h"

#include <string.h>
#include <utlist.h>

#include "app/access.h"
#include "app/session_phase.h"
#include "app/shard.h"
#include "base/check.h"
#include "base/mem.h"

struct errand *errand_new(enum errand_kind kind, size_t limit)
{
    CHECK(limit <= ERRAND_SESSIONS_MAX);
    struct errand *errand = mem_try(sizeof *errand + limit * sizeof errand->sessions[0]);
    if (errand == NULL)
        return NULL;
    errand->mail.kind = MAIL_ERRAND;
    errand->kind = kind;
    errand->limit = limit;
    return errand;
}

void errand_free(struct errand **errand)
{
    mem_free(*errand);
    *errand = NULL;
}

int errand_go(struct errand *errand)
{
    bool is_done = errand->next >= errand->shard_count;
    struct shard *to = is_done ? errand->home : errand->shards[errand->next];
    errand->next++;
    return worker_post(to->worker, &errand->mail);
}

int errand_give_up(struct errand *errand)
{
    errand->is_partial = true;
    return worker_post(errand->home->worker, &errand->mail);
}

bool errand_is_back(const struct errand *errand)
{
    return errand->is_partial || errand->next > errand->shard_count;
}

/* --- list ----------------------------------------------------------------------------------------------------------- */

static void describe(const struct session *session, struct admin_session *out)
{
    const struct pass *pass = session->permit != NULL ? session->permit->pass : NULL;
    *out = (struct admin_session){
        .id = session->id,
        .worker = session->shard->index,
        .superseded = hub_superseded(&session->follower),
        .queued_bytes = conn_queued(&session->conn) + ws_gather_bytes(&session->gather),
        .follows = hub_following(&session->follower),
        .quiet_ms = session_now_ms(session) - session->heard_ms,
        .expires_s = pass != NULL ? pass->expires_s : INT64_MAX,
        .faults = session->faults,
        .is_behind = session->follower.behind,
        .is_full = conn_is_full(&session->conn),
    };
}

/* What takes a system call or a copy is only found out of those that are shown. */
static void describe_further(const struct session *session, struct admin_session *out)
{
    const struct pass *pass = session->permit != NULL ? session->permit->pass : NULL;
    session_address_text(session, out->address);
    if (pass != NULL && pass->subject != NULL)
        memcpy(out->subject, pass->subject, strlen(pass->subject) + 1);
}

static uint64_t rank(const struct admin_session *session, enum errand_order order)
{
    switch (order) {
    case ERRAND_SLOWEST:
        return (session->superseded << 2) + (session->is_behind ? 2U : 0) +
               (session->is_full ? 1U : 0);
    case ERRAND_HEAVIEST:
        return session->queued_bytes + session->follows * sizeof(void *);
    case ERRAND_NEWEST:
        return session->id & SHARD_SESSION_ID_MASK;
    }
    return 0;
}

/* Keep the list in order, highest first, and within its room. */
static void insert(struct errand *errand, const struct session *session)
{
    struct admin_session described;
    describe(session, &described);
    uint64_t own = rank(&described, errand->order);
    size_t at = errand->count;
    while (at > 0 && rank(&errand->sessions[at - 1], errand->order) < own)
        at--;
    if (at == errand->limit)
        return;
    describe_further(session, &described);
    size_t last = errand->count < errand->limit ? errand->count : errand->limit - 1;
    memmove(&errand->sessions[at + 1], &errand->sessions[at],
            (last - at) * sizeof errand->sessions[0]);
    errand->sessions[at] = described;
    errand->count = last + 1;
}

/* --- kick ----------------------------------------------------------------------------------------------------------- */

static bool is_meant(const struct session *session, const struct admin_who *who)
{
    const struct pass *pass = session->permit != NULL ? session->permit->pass : NULL;
    switch (who->by) {
    case ADMIN_BY_ID:
        return session->id == who->id;
    case ADMIN_BY_SUBJECT:
        return pass != NULL && pass->subject != NULL && strcmp(pass->subject, who->name) == 0;
    case ADMIN_BY_ADDRESS:
        return session_has_address(session, who->name);
    }
    return false;
}

/* --- both ----------------------------------------------------------------------------------------------------------- */

void errand_visit(struct errand *errand, struct shard *shard)
{
    struct session *session;
    struct session *next;
    if (errand->kind == ERRAND_FORGET) {
        shard_forget(shard, &errand->runner);
        return;
    }
    DL_FOREACH_SAFE(shard->sessions, session, next)
    {
        if (session->state != SESSION_OPEN)
            continue;
        if (errand->kind == ERRAND_LIST) {
            insert(errand, session);
            errand->total++;
        } else if (is_meant(session, &errand->who)) {
            session_close(session, CLOSE_kicked);
            errand->total++;
        }
    }
}
