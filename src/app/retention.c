#include "app/retention.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/option_value.h"

#define PIECE_POSITIONS 10000
#define ROUNDS 20 /* within the shortest time that something is kept */
#define PERIOD_MIN_MS 100
#define PERIOD_MAX_MS (3600 * 1000)

struct retention {
    uint64_t keep_ms;               /* 0: for ever; so in `group_keep_ms` */
    uint64_t *group_keep_ms;        /* owned */
    struct store_erase_rule *rules; /* owned; as many, for the same groups */
    struct store_erase_age age; /* of the present round: the writer's thread's while there is one */
    struct store *store;        /* borrowed; NULL: not started */
    struct store_job job;       /* the present piece */
    uint64_t piece;             /* erased by it */
    uint64_t erased;            /* by this round */
    uv_timer_t timer;
    _Atomic bool is_busy; /* a round is under way */
    _Atomic bool is_stopping;
};

/* --- what is too old ------------------------------------------------------------------------------------------------ */

/* "GROUP=TIME", of which the form is known to be right. */
static void read_rule(struct retention *retention, const char *text)
{
    const char *sign = strrchr(text, '=');
    size_t at = retention->age.rule_count++;
    CHECK(sign != NULL && duration_parse(sign + 1, &retention->group_keep_ms[at]) == 0);
    retention->rules[at].group = span_of(text, (size_t)(sign - text));
}

struct retention *retention_new(const struct options *options)
{
    const struct option_list *groups = &options->retention_group;
    if (options->retention_ms == 0 && groups->count == 0)
        return NULL;
    struct retention *retention = mem_must(sizeof *retention);
    retention->keep_ms = options->retention_ms;
    retention->group_keep_ms = mem_must((groups->count + 1) * sizeof *retention->group_keep_ms);
    retention->rules = mem_must((groups->count + 1) * sizeof *retention->rules);
    for (size_t i = 0; i < groups->count; i++)
        read_rule(retention, groups->items[i]);
    retention->age.rules = retention->rules;
    retention->age.limit = PIECE_POSITIONS;
    return retention;
}

void retention_free(struct retention **handle)
{
    struct retention *retention = *handle;
    *handle = NULL;
    if (retention == NULL)
        return;
    mem_free(retention->group_keep_ms);
    mem_free(retention->rules);
    mem_free(retention);
}

static int64_t bound(uint64_t keep_ms, int64_t now_ms)
{
    return keep_ms == 0 || keep_ms > INT64_MAX ? INT64_MIN : now_ms - (int64_t)keep_ms;
}

const struct store_erase_age *retention_age(struct retention *retention, int64_t now_ms)
{
    if (retention == NULL)
        return NULL;
    retention->age.before_ms = bound(retention->keep_ms, now_ms);
    for (size_t i = 0; i < retention->age.rule_count; i++)
        retention->rules[i].before_ms = bound(retention->group_keep_ms[i], now_ms);
    return &retention->age;
}

/* --- rounds --------------------------------------------------------------------------------------------------------- */

static int erase(struct store_job *job, struct store_writer *writer)
{
    struct retention *retention = job->owner;
    return store_erase_before(writer, &retention->age, &retention->piece);
}

static void end_round(struct retention *retention)
{
    if (retention->erased > 0)
        LOG(LOG_INFO, "retention.erased", NO_SESSION,
            "positions that were older than they may be: %" PRIu64, retention->erased);
    atomic_store(&retention->is_busy, false);
}

static void begin_piece(struct retention *retention)
{
    if (atomic_load(&retention->is_stopping) || store_change(retention->store, &retention->job) < 0)
        end_round(retention);
}

/* In the writer's thread. */
static void on_piece(struct store_job *job, int err)
{
    struct retention *retention = job->owner;
    if (err >= 0)
        retention->erased += retention->piece;
    if (err >= 0 && retention->piece >= PIECE_POSITIONS)
        begin_piece(retention);
    else
        end_round(retention);
}

static void on_timer(uv_timer_t *timer)
{
    struct retention *retention = timer->data;
    if (atomic_exchange(&retention->is_busy, true))
        return;
    retention->erased = 0;
    retention_age(retention, clock_wall_ms());
    begin_piece(retention);
}

static uint64_t shortest_ms(const struct retention *retention)
{
    uint64_t shortest = retention->keep_ms > 0 ? retention->keep_ms : UINT64_MAX;
    for (size_t i = 0; i < retention->age.rule_count; i++) {
        uint64_t keep_ms = retention->group_keep_ms[i];
        if (keep_ms > 0 && keep_ms < shortest)
            shortest = keep_ms;
    }
    return shortest;
}

static uint64_t period_ms(const struct retention *retention)
{
    uint64_t period = shortest_ms(retention) / ROUNDS;
    if (period < PERIOD_MIN_MS)
        return PERIOD_MIN_MS;
    return period < PERIOD_MAX_MS ? period : PERIOD_MAX_MS;
}

void retention_start(struct retention *retention, struct store *store, uv_loop_t *loop)
{
    retention->store = store;
    retention->job = (struct store_job){.change = erase, .on_done = on_piece, .owner = retention};
    CHECK(uv_timer_init(loop, &retention->timer) == 0);
    retention->timer.data = retention;
    CHECK(uv_timer_start(&retention->timer, on_timer, 0, period_ms(retention)) == 0);
}

void retention_stop(struct retention *retention)
{
    if (retention == NULL || retention->store == NULL)
        return;
    atomic_store(&retention->is_stopping, true);
    uv_close((uv_handle_t *)&retention->timer, NULL);
}
