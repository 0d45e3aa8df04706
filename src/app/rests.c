#include "app/rests.h"

#include <utlist.h>

#include "app/session_phase.h"
#include "app/shard.h"
#include "base/mem.h"

/* Of `follow_due`: parts of a millisecond, cut to 32 bits. */
#define PARTS_PER_MS 64U
#define BURST_PARTS (100 * PARTS_PER_MS)

struct rest {
    struct rest *prev;
    struct rest *next;
    struct session *session;
    uint64_t until_ms;
    struct buf bytes; /* that it said meanwhile */
};

static uint32_t now_parts(const struct session *session)
{
    return (uint32_t)(worker_now_ms(session->shard->worker) * PARTS_PER_MS);
}

/* Rounded up: no move is free. */
static uint32_t parts_for(uint64_t moved, uint64_t per_second)
{
    uint64_t parts = (moved * PARTS_PER_MS * 1000 + per_second - 1) / per_second;
    return parts < INT32_MAX / 2 ? (uint32_t)parts : INT32_MAX / 2;
}

static void fault_of_moves(struct session *session)
{
    struct fault fault;
    fault_set(&fault, FAULT_too_many_messages, "follow messages moved more than they may");
    session_fault(session, &fault);
}

static void rest_until(struct session *session, uint64_t until_ms)
{
    struct rests *rests = &session->shard->rests;
    struct rest *rest = rests->count < RESTS_MAX ? mem_try(sizeof *rest) : NULL;
    if (rest == NULL) {
        fault_of_moves(session);
        return;
    }
    rest->session = session;
    rest->until_ms = until_ms;
    DL_APPEND(rests->first, rest);
    rests->count++;
    session->is_resting = true;
    conn_pause(&session->conn);
}

void rests_begin(struct session *session)
{
    session->follow_due = now_parts(session);
}

void rests_tidy(struct session *session)
{
    uint32_t now = now_parts(session);
    if ((int32_t)(session->follow_due - now) < 0)
        session->follow_due = now;
}

void rests_charge(struct session *session, uint64_t moved)
{
    if (moved == 0 || session->state > SESSION_OPEN)
        return;
    rests_tidy(session);
    session->follow_due += parts_for(moved, session->shard->options->max_moves_per_second);
    uint32_t ahead = session->follow_due - now_parts(session);
    if (ahead > BURST_PARTS && session_listens(session))
        rest_until(session, worker_now_ms(session->shard->worker) +
                                (ahead - BURST_PARTS + PARTS_PER_MS - 1) / PARTS_PER_MS);
}

/* Who keeps bytes has only just begun to rest, and so is the last. */
int rests_keep(struct rests *rests, const struct session *session, struct span bytes)
{
    struct rest *at = rests->first != NULL ? rests->first->prev : NULL;
    while (at != NULL && at->session != session)
        at = at != rests->first ? at->prev : NULL;
    return at != NULL ? buf_append(&at->bytes, bytes) : 0;
}

static void take_out(struct rests *rests, struct rest *rest)
{
    DL_DELETE(rests->first, rest);
    rests->count--;
    rest->session->is_resting = false;
    conn_resume(&rest->session->conn);
}

static void free_rest(struct rest *rest)
{
    buf_fini(&rest->bytes);
    mem_free(rest);
}

void rests_end(struct rests *rests, struct session *session)
{
    struct rest *at;
    if (!session->is_resting)
        return;
    DL_FOREACH(rests->first, at)
    {
        if (at->session == session)
            break;
    }
    take_out(rests, at);
    free_rest(at);
}

static struct rest *first_over(const struct rests *rests, uint64_t now_ms)
{
    struct rest *at;
    DL_FOREACH(rests->first, at)
    {
        if (at->until_ms <= now_ms)
            break;
    }
    return at;
}

/* One that goes on may end itself or another, or rest again, till later than now: so each is looked for anew. */
void rests_turn(struct rests *rests, uint64_t now_ms)
{
    struct rest *rest;
    while ((rest = first_over(rests, now_ms)) != NULL) {
        struct session *session = rest->session;
        take_out(rests, rest);
        session_take_bytes(session, rest->bytes.data, rest->bytes.len);
        free_rest(rest);
    }
}

uint64_t rests_next_ms(const struct rests *rests)
{
    const struct rest *at;
    uint64_t next_ms = UINT64_MAX;
    DL_FOREACH(rests->first, at)
    {
        if (at->until_ms < next_ms)
            next_ms = at->until_ms;
    }
    return next_ms;
}
