/*
 * The Prometheus text format 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/
 * Help texts and label values are ours and hold nothing to escape, but for the version, which the build chose.
 */
#include "metrics/metrics.h"

#include <inttypes.h>

#include "base/check.h"
#include "metrics/metric_rows.h"
#include "metrics/process.h"

#ifndef SPECTATE_VERSION
#define SPECTATE_VERSION "unknown"
#endif

/* What is written goes here; the first failure is remembered, and nothing is written after it. */
struct text {
    const struct metrics *const *workers;
    size_t count;
    struct buf *out;
    int err;
};

#define WRITE(text, ...)                                                                           \
    do {                                                                                           \
        if ((text)->err == 0)                                                                      \
            (text)->err = buf_printf((text)->out, __VA_ARGS__);                                    \
    } while (0)

static uint64_t merged(const struct text *text, enum metric_merge merge, size_t slot)
{
    uint64_t result = 0;
    for (size_t i = 0; i < text->count; i++) {
        uint64_t value = metrics_slot(text->workers[i], slot);
        if (merge == METRIC_MERGE_SUM)
            result += value;
        else if (value > result)
            result = value;
    }
    return result;
}

static void write_head(struct text *text, const char *name, const char *type, const char *help)
{
    WRITE(text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_labelled(struct text *text, const struct metric_row *row)
{
    for (size_t i = 0; i < row->slots; i++)
        WRITE(text, "%s{%s=\"%s\"} %" PRIu64 "\n", row->name, row->label, row->label_value(i),
              merged(text, row->merge, row->slot + i));
}

static void write_per_worker(struct text *text, const struct metric_row *row)
{
    for (size_t i = 0; i < text->count; i++)
        if (metrics_get(text->workers[i], METRIC_workers) != 0)
            WRITE(text, "%s{%s=\"%zu\"} %" PRIu64 "\n", row->name, row->label, i,
                  metrics_slot(text->workers[i], row->slot));
}

static void write_histogram(struct text *text, const struct metric_row *row)
{
    uint64_t below = 0;
    for (size_t i = 0; i < HISTOGRAM_BOUNDS; i++) {
        below += merged(text, row->merge, row->slot + i);
        WRITE(text, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", row->name,
              (double)histogram_bounds_us[i] / 1e6, below);
    }
    below += merged(text, row->merge, row->slot + HISTOGRAM_BOUNDS);
    uint64_t sum_us = merged(text, row->merge, row->slot + HISTOGRAM_SLOTS - 1);
    WRITE(text, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", row->name, below);
    WRITE(text, "%s_sum %" PRIu64 ".%06u\n", row->name, sum_us / 1000000,
          (unsigned)(sum_us % 1000000));
    WRITE(text, "%s_count %" PRIu64 "\n", row->name, below);
}

static void write_metric(struct text *text, const struct metric_row *row)
{
    write_head(text, row->name, metric_type(row), row->help);
    if (row->kind == METRIC_LABELLED)
        write_labelled(text, row);
    else if (row->kind == METRIC_PER_WORKER)
        write_per_worker(text, row);
    else if (row->kind == METRIC_HISTOGRAM)
        write_histogram(text, row);
    else
        WRITE(text, "%s %" PRIu64 "\n", row->name, merged(text, row->merge, row->slot));
}

/* What the system does not tell is left out. */
static void write_if_known(struct text *text, const char *name, const char *help, uint64_t number)
{
    if (number == PROCESS_UNKNOWN)
        return;
    write_head(text, name, "gauge", help);
    WRITE(text, "%s %" PRIu64 "\n", name, number);
}

/* What is of the process and not of a worker. */
static void write_process(struct text *text)
{
    const struct process process = process_read(metrics_created_ms(text->workers[0]));
#define GAUGE(...)
#define PER_WORKER(...)
#define COUNTER(...)
#define LABELLED(...)
#define HISTOGRAM(...)
#define PROCESS(name, field, help) write_if_known(text, #name, help, process.field);
#define INFO(name, label, value, help)                                                             \
    write_head(text, #name, "gauge", help);                                                        \
    WRITE(text, "%s{%s=\"%s\"} 1\n", #name, #label, value);
#include "metrics/metrics.def"
}

int metrics_write_text(const struct metrics *const *workers, size_t count, struct buf *out)
{
    struct text text = {.workers = workers, .count = count, .out = out};
    CHECK(count > 0);
    for (enum metric metric = 0; metric < METRICS_TOTAL; metric++)
        write_metric(&text, metric_row(metric));
    write_process(&text);
    return text.err;
}
