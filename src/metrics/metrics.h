/*
 * metrics: what is going on, in numbers.
 *
 * Each worker has its own, which only its thread writes, so that counting costs a load and a store and no lock. Any thread
 * may read at any time, and sees each number whole, but not all of one moment.
 */
#ifndef SPECTATE_METRICS_METRICS_H
#define SPECTATE_METRICS_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum metric {
#define GAUGE(name, ...) METRIC_##name,
#define PER_WORKER GAUGE
#define COUNTER GAUGE
#define LABELLED GAUGE
#define HISTOGRAM GAUGE
#define PROCESS(...)
#define INFO(...)
#include "metrics/metrics.def"
    METRICS_TOTAL
};

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct metrics;

/* All zero but METRIC_workers, which is 1; owned by the caller, who frees it when nobody reads it any more. NULL inside is fine. */
struct metrics *metrics_new(void);
void metrics_free(struct metrics **metrics);

/* Counters and gauges without a label, or with the worker's number. Setting a counter to a running total that somebody else keeps is fine. */
void metrics_add(struct metrics *metrics, enum metric metric, uint64_t n);
void metrics_set(struct metrics *metrics, enum metric metric, uint64_t value);
uint64_t metrics_get(const struct metrics *metrics, enum metric metric);

/*
 * Counters with a label. `label` is an enum close_reason for METRIC_sessions_closed_total, an enum fault_code for
 * METRIC_errors_total, a metrics_http_label() for METRIC_http_requests_total, an enum tls_failure for METRIC_tls_failures_total.
 */
void metrics_add_labelled(struct metrics *metrics, enum metric metric, size_t label, uint64_t n);
uint64_t metrics_get_labelled(const struct metrics *metrics, enum metric metric, size_t label);

/* The label of an HTTP status; one for all that have none of their own. */
size_t metrics_http_label(int status);

/* Histograms. */
void metrics_observe_us(struct metrics *metrics, enum metric metric, uint64_t us);

/*
 * Append all metrics, over `count` workers, as Prometheus text (format 0.0.4). 0, or ERR_NO_MEMORY: what was appended is
 * not whole.
 */
int metrics_write_text(const struct metrics *const *workers, size_t count, struct buf *out);

/* docs/metrics.md. 0 or ERR_NO_MEMORY. */
int metrics_write_docs(struct buf *out);

#endif
