#include "metrics/metrics.h"

#include <stdatomic.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "metrics/metric_rows.h"

struct metrics {
    int64_t created_ms;
    _Atomic uint64_t slots[SLOTS_TOTAL];
};

struct metrics *metrics_new(void)
{
    struct metrics *metrics = mem_must(sizeof *metrics);
    metrics->created_ms = clock_wall_ms();
    metrics_set(metrics, METRIC_workers, 1);
    return metrics;
}

void metrics_free(struct metrics **metrics)
{
    mem_free(*metrics);
    *metrics = NULL;
}

uint64_t metrics_slot(const struct metrics *metrics, size_t slot)
{
    CHECK(slot < SLOTS_TOTAL);
    return atomic_load_explicit(&metrics->slots[slot], memory_order_relaxed);
}

int64_t metrics_created_ms(const struct metrics *metrics)
{
    return metrics->created_ms;
}

/* One writer: a load and a store are enough. */
static void add_to_slot(struct metrics *metrics, size_t slot, uint64_t n)
{
    atomic_store_explicit(&metrics->slots[slot], metrics_slot(metrics, slot) + n,
                          memory_order_relaxed);
}

static size_t single_slot(enum metric metric)
{
    const struct metric_row *row = metric_row(metric);
    CHECK(row->kind != METRIC_LABELLED && row->kind != METRIC_HISTOGRAM);
    return row->slot;
}

static size_t labelled_slot(enum metric metric, size_t label)
{
    const struct metric_row *row = metric_row(metric);
    CHECK(row->kind == METRIC_LABELLED && label < row->slots);
    return row->slot + label;
}

void metrics_add(struct metrics *metrics, enum metric metric, uint64_t n)
{
    add_to_slot(metrics, single_slot(metric), n);
}

void metrics_set(struct metrics *metrics, enum metric metric, uint64_t value)
{
    atomic_store_explicit(&metrics->slots[single_slot(metric)], value, memory_order_relaxed);
}

uint64_t metrics_get(const struct metrics *metrics, enum metric metric)
{
    return metrics_slot(metrics, single_slot(metric));
}

void metrics_add_labelled(struct metrics *metrics, enum metric metric, size_t label, uint64_t n)
{
    add_to_slot(metrics, labelled_slot(metric, label), n);
}

uint64_t metrics_get_labelled(const struct metrics *metrics, enum metric metric, size_t label)
{
    return metrics_slot(metrics, labelled_slot(metric, label));
}

void metrics_observe_us(struct metrics *metrics, enum metric metric, uint64_t us)
{
    const struct metric_row *row = metric_row(metric);
    CHECK(row->kind == METRIC_HISTOGRAM);
    size_t bucket = 0;
    while (bucket < HISTOGRAM_BOUNDS && us > histogram_bounds_us[bucket])
        bucket++;
    add_to_slot(metrics, row->slot + bucket, 1);
    add_to_slot(metrics, row->slot + HISTOGRAM_SLOTS - 1, us);
}
