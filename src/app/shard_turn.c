/* What a shard does in each turn of its loop, at each tick, and at its end. */
#include "app/shard_events.h"

#include <utlist.h>

#include "app/access.h"
#include "app/archive.h"
#include "app/awaited.h"
#include "app/doorstep.h"
#include "app/inquiry.h"
#include "app/relay.h"
#include "app/resume.h"
#include "app/session_access.h"
#include "app/v1_follow.h"
#include "base/clock.h"
#include "base/mem.h"

#define EXPIRES_PER_TICK 10000
#define STORM_SESSIONS 250
#define MOVES_PER_TURN 20000 /* by those who meet others */
#define MOVES_PER_SESSION 4  /* to look at one costs as much */

/* Who has appeared is met by those who follow groups, all in some turns. Those who appear meanwhile wait. */
static void begin_to_meet(struct shard *shard)
{
    if (shard->meets_next != NULL)
        return;
    buf_fini(&shard->appeared);
    hub_take_appeared(shard->hub, &shard->appeared);
    if (shard->appeared.len == 0)
        return;
    shard->meets_next = shard->sessions;
    shard->meets_cost = 0;
}

/*
 * Each one moves as many runners as its session follows. Where all do within a turn, they meet in the turn in which somebody appears: so
 * no follower is told a cursor that holds a position of somebody it has not met; else about once a second. True: there are more.
 */
static bool go_on_meeting(struct shard *shard)
{
    uint64_t moved = hub_stats(shard->hub).moved;
    uint64_t cost = 0;
    if (shard->meets_cost < MOVES_PER_TURN)
        begin_to_meet(shard);
    const struct runner_id *ids = (const struct runner_id *)(const void *)shard->appeared.data;
    for (size_t looks = 1; shard->meets_next != NULL && cost < MOVES_PER_TURN; looks++) {
        struct session *session = shard->meets_next;
        shard->meets_next = session->next;
        if (session->v1 != NULL)
            v1_meet(session, ids, shard->appeared.len / sizeof *ids);
        cost = hub_stats(shard->hub).moved - moved + looks * MOVES_PER_SESSION;
    }
    shard->meets_cost += cost;
    return shard->meets_next != NULL;
}

static void sweep_sessions(struct shard *shard)
{
    struct session *session;
    struct session *next;
    DL_FOREACH_SAFE(shard->sessions, session, next)
    {
        session_sweep(session);
    }
}

/* The sessions had their time; who is still there is cut off. */
static void check_drained(struct shard *shard, uint64_t now_ms)
{
    struct session *session;
    if (shard->drain_deadline_ms == 0)
        return;
    if (shard->sessions != NULL && now_ms < shard->drain_deadline_ms)
        return;
    DL_FOREACH(shard->sessions, session)
    {
        conn_close(&session->conn);
    }
    worker_stop(shard->worker);
}

static bool flush(struct shard *shard, uint64_t now_ms)
{
    uint64_t begin_us = clock_monotonic_us();
    uint64_t sends = hub_stats(shard->hub).sends;
    bool has_more = hub_flush(shard->hub, now_ms);
    if (hub_stats(shard->hub).sends != sends)
        metrics_observe_us(shard->metrics, METRIC_flush_seconds, clock_monotonic_us() - begin_us);
    return has_more;
}

static bool post_positions(struct shard *shard)
{
    bool has_more = false;
    size_t squashed = relay_post(shard->relay, &has_more);
    metrics_add(shard->metrics, METRIC_positions_squashed_total, squashed);
    return has_more;
}

static void wake_in_time(struct shard *shard)
{
    uint64_t tick_ms = hub_next_tick_ms(shard->hub);
    uint64_t rest_ms = rests_next_ms(&shard->rests);
    uint64_t next_ms = tick_ms < rest_ms ? tick_ms : rest_ms;
    if (next_ms != UINT64_MAX)
        worker_wake_at(shard->worker, next_ms);
}

static void on_word(void *context, uint64_t session_id, struct span note, int err)
{
    struct shard *shard = context;
    struct session *session = awaited_find(shard->awaited, session_id);
    if (session != NULL)
        session_on_stored(session, note, err);
}

/* Before the other shards hear of these positions: app/archive.h. */
static void keep_positions(struct shard *shard)
{
    if (shard->archive == NULL)
        return;
    archive_collect(shard->archive, on_word, shard);
    inquiries_collect(shard);
    archive_post(shard->archive);
}

bool shard_on_turn(void *context, uint64_t now_ms)
{
    struct shard *shard = context;
    rests_turn(&shard->rests, now_ms);
    bool has_more = shard->resumes != NULL && resumes_turn(shard->resumes);
    keep_positions(shard);
    has_more |= post_positions(shard);
    has_more |= go_on_meeting(shard);
    has_more |= flush(shard, now_ms);
    wake_in_time(shard);
    check_drained(shard, now_ms);
    return has_more;
}

/* After a storm of connections has gone, what the allocator keeps of it goes back to the system. */
static void give_memory_back(struct shard *shard)
{
    if (shard->session_count > shard->session_peak)
        shard->session_peak = shard->session_count;
    if (shard->session_peak < STORM_SESSIONS || shard->session_count > shard->session_peak / 2)
        return;
    shard->session_peak = shard->session_count;
    mem_give_back();
}

void shard_on_tick(void *context, uint64_t now_ms)
{
    struct shard *shard = context;
    begin_to_meet(shard);
    sweep_sessions(shard);
    if (shard->resumes != NULL)
        resumes_tick(shard->resumes);
    doorstep_sweep(shard);
    give_memory_back(shard);
    hub_expire(shard->hub, now_ms, EXPIRES_PER_TICK);
    access_end_waits(shard->access, now_ms, session_resume);
    access_tidy(shard->access, now_ms);
    shard_refresh_metrics(shard);
}

/* Everything pending is sent before the close frames. */
void shard_drain(struct shard *shard)
{
    uint64_t now_ms = worker_now_ms(shard->worker);
    struct session *session;
    struct session *next;
    if (shard->drain_deadline_ms != 0)
        return;
    shard->drain_deadline_ms = now_ms + shard->options->shutdown_timeout_ms;
    worker_close_listeners(shard->worker);
    doorstep_clear(shard);
    while (hub_flush(shard->hub, now_ms))
        continue;
    DL_FOREACH_SAFE(shard->sessions, session, next)
    {
        session_close(session, CLOSE_shutdown);
    }
}
