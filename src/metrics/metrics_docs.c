#include "metrics/metrics.h"

#include "metrics/metric_rows.h"

static const char intro[] =
    "# Metrics\n"
    "\n"
    "<!-- Made from src/metrics/metrics.def by `make docs`; change it there. -->\n"
    "\n"
    "`GET /metrics` answers with Prometheus text (format 0.0.4). Numbers of several workers are "
    "added up, but for\n"
    "those with the label `worker`, and for `spectate_runners`: each worker knows all runners, and "
    "the\n"
    "largest number is shown. Every "
    "value of a label is\n"
    "always there, with 0 until something is counted. What the system does not tell about the "
    "process is left out.\n";

static int write_label_values(const struct metric_row *row, struct buf *out)
{
    int err = buf_printf(out, "\nValues of `%s` in `%s`:", row->label, row->name);
    for (size_t i = 0; err == 0 && i < row->slots; i++)
        err = buf_printf(out, "%s `%s`", i == 0 ? "" : ",", row->label_value(i));
    return err < 0 ? err : buf_append_text(out, ".\n");
}

static int write_table_row(const struct metric_row *row, struct buf *out)
{
    if (row->label != NULL)
        return buf_printf(out, "| `%s{%s}` | %s | %s |\n", row->name, row->label, metric_type(row),
                          row->help);
    return buf_printf(out, "| `%s` | %s | %s |\n", row->name, metric_type(row), row->help);
}

static int write_process_rows(struct buf *out)
{
#define GAUGE(...)
#define PER_WORKER(...)
#define COUNTER(...)
#define LABELLED(...)
#define HISTOGRAM(...)
#define PROCESS(name, field, help) "| `" #name "` | gauge | " help " |\n"
#define INFO(name, label, value, help) "| `" #name "{" #label "}` | gauge | " help " |\n"
    return buf_append_text(out,
#include "metrics/metrics.def"
    );
}

int metrics_write_docs(struct buf *out)
{
    int err = buf_append_text(out, intro);
    if (err == 0)
        err = buf_append_text(out, "\n| metric | type | meaning |\n|---|---|---|\n");
    for (enum metric metric = 0; err == 0 && metric < METRICS_TOTAL; metric++)
        err = write_table_row(metric_row(metric), out);
    if (err == 0)
        err = write_process_rows(out);
    for (enum metric metric = 0; err == 0 && metric < METRICS_TOTAL; metric++) {
        if (metric_row(metric)->label_value != NULL)
            err = write_label_values(metric_row(metric), out);
    }
    return err;
}
