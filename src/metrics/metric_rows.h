/*
 * metric_rows: the rows of metrics.def as data, and where in a worker's numbers each metric has its slots.
 */
#ifndef SPECTATE_METRICS_METRIC_ROWS_H
#define SPECTATE_METRICS_METRIC_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "base/close_reason.h"
#include "base/fault.h"
#include "base/resume_outcome.h"
#include "base/tls_failure.h"
#include "base/token_refusal.h"
#include "metrics/metrics.h"

enum http_label {
#define HTTP_CODE(status) HTTP_LABEL_##status,
#include "metrics/http_code.def"
#undef HTTP_CODE
    HTTP_LABEL_other,
    HTTP_LABELS_TOTAL
};

/* A bucket for each bound, one for all above, and the sum in microseconds. */
#define HISTOGRAM_BOUNDS 12
#define HISTOGRAM_SLOTS (HISTOGRAM_BOUNDS + 2)
extern const uint64_t histogram_bounds_us[HISTOGRAM_BOUNDS];

/* The first slot of each metric. */
enum metric_slot {
#define SLOTS(name, total) SLOT_##name, SLOT_LAST_##name = SLOT_##name + (total)-1,
#define GAUGE(name, ...) SLOTS(name, 1)
#define PER_WORKER(name, ...) SLOTS(name, 1)
#define COUNTER(name, ...) SLOTS(name, 1)
#define LABELLED(name, label, total, ...) SLOTS(name, total)
#define HISTOGRAM(name, ...) SLOTS(name, HISTOGRAM_SLOTS)
#define PROCESS(...)
#define INFO(...)
#include "metrics/metrics.def"
#undef SLOTS
    SLOTS_TOTAL
};

enum metric_kind {
    METRIC_GAUGE,
    METRIC_PER_WORKER,
    METRIC_COUNTER,
    METRIC_LABELLED,
    METRIC_HISTOGRAM,
};
enum metric_merge { METRIC_MERGE_SUM, METRIC_MERGE_MAX };

struct metric_row {
    enum metric_kind kind;
    enum metric_merge merge;
    const char *name; /* whole */
    const char *help;
    const char *label;                        /* NULL: none */
    const char *(*label_value)(size_t label); /* NULL: none, or the number of a worker */
    size_t slot;
    size_t slots;
};

/* Static storage, any thread. */
const struct metric_row *metric_row(enum metric metric);

/* One number of a worker, and when the worker began to count (UTC since 1970-01-01). Any thread. */
uint64_t metrics_slot(const struct metrics *metrics, size_t slot);
int64_t metrics_created_ms(const struct metrics *metrics);

/* "counter", as the text format calls it. */
const char *metric_type(const struct metric_row *row);

#endif
