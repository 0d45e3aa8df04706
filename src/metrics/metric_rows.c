#include "metrics/metric_rows.h"

#include "base/check.h"

const uint64_t histogram_bounds_us[HISTOGRAM_BOUNDS] = {
    50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 1000000,
};

static const char *close_reason_label(size_t label)
{
    return close_reason_name((enum close_reason)label);
}

static const char *fault_label(size_t label)
{
    return fault_name((enum fault_code)label);
}

static const char *token_refusal_label(size_t label)
{
    return token_refusal_name((enum token_refusal)label);
}

static const char *resume_outcome_label(size_t label)
{
    return resume_outcome_name((enum resume_outcome)label);
}

static const char *tls_failure_label(size_t label)
{
    return tls_failure_name((enum tls_failure)label);
}

static const char *http_label(size_t label)
{
    static const char *const names[HTTP_LABELS_TOTAL] = {
#define HTTP_CODE(status) #status,
#include "metrics/http_code.def"
#undef HTTP_CODE
        "other",
    };
    CHECK(label < HTTP_LABELS_TOTAL);
    return names[label];
}

/* clang-format off */
#define ROW(a_kind, a_name, a_help, ...)                                                           \
    [METRIC_##a_name] = {.kind = METRIC_##a_kind, .name = "spectate_" #a_name, .help = a_help,     \
                         .slot = SLOT_##a_name, __VA_ARGS__},

static const struct metric_row rows[METRICS_TOTAL] = {
#define GAUGE(name, a_merge, help) ROW(GAUGE, name, help, .slots = 1, .merge = METRIC_MERGE_##a_merge)
#define PER_WORKER(name, help) ROW(PER_WORKER, name, help, .slots = 1, .label = "worker")
#define COUNTER(name, help) ROW(COUNTER, name, help, .slots = 1)
#define LABELLED(name, a_label, total, name_of, help)                                              \
    ROW(LABELLED, name, help, .slots = total, .label = #a_label, .label_value = name_of)
#define HISTOGRAM(name, help) ROW(HISTOGRAM, name, help, .slots = HISTOGRAM_SLOTS)
#define PROCESS(...)
#define INFO(...)
#include "metrics/metrics.def"
};
/* clang-format on */

const struct metric_row *metric_row(enum metric metric)
{
    CHECK(metric < METRICS_TOTAL);
    return &rows[metric];
}

const char *metric_type(const struct metric_row *row)
{
    static const char *const types[] = {
        [METRIC_GAUGE] = "gauge",         [METRIC_PER_WORKER] = "gauge",
        [METRIC_COUNTER] = "counter",     [METRIC_LABELLED] = "counter",
        [METRIC_HISTOGRAM] = "histogram",
    };
    return types[row->kind];
}

size_t metrics_http_label(int status)
{
    switch (status) {
#define HTTP_CODE(code)                                                                            \
    case code:                                                                                     \
        return HTTP_LABEL_##code;
#include "metrics/http_code.def"
#undef HTTP_CODE
    default:
        return HTTP_LABEL_other;
    }
}
