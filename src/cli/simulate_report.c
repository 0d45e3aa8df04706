#include "cli/simulate_report.h"

#include <inttypes.h>

static uint64_t missing(const struct simulation_state *state)
{
    return state->totals.expected - state->totals.delivered;
}

/* The counts of table and JSON, in order: label, JSON name, value. */
#define COUNTS(COUNT)                                                                              \
    COUNT("connected", "connected", state->connected)                                              \
    COUNT("published", "published", state->totals.published)                                       \
    COUNT("expected", "expected", state->totals.expected)                                          \
    COUNT("delivered", "delivered", state->totals.delivered)                                       \
    COUNT("missing", "missing", missing(state))                                                    \
    COUNT("duplicates", "duplicates", state->totals.duplicates)                                    \
    COUNT("out of order", "out_of_order", state->totals.out_of_order)                              \
    COUNT("unexpected", "unexpected", state->totals.unexpected)                                    \
    COUNT("errors", "errors", state->errors)                                                       \
    COUNT("disconnected", "disconnected", state->disconnected)

static double latency_ms(const struct simulation_state *state, double quantile)
{
    return (double)latency_quantile_us(state->latency, quantile) / 1000;
}

void simulate_report_begin(FILE *out, const struct simulate_options *options)
{
    char url[WS_URL_SHOWN_BYTES];
    ws_url_show(options->server.url, url);
    fprintf(out, "simulate %s users %" PRIu64 " follow %" PRIu64, url, options->users,
            options->follow);
    if (options->messages != 0)
        fprintf(out, " messages %" PRIu64, options->messages);
    if (options->course != NULL)
        fprintf(out, " course %s", options->course);
    else
        fprintf(out, " rate %g", options->rate);
    fprintf(out, " seed %" PRIu64 "\n", options->seed);
    fflush(out);
}

void simulate_report_table(FILE *out, const struct simulation_state *state)
{
#define COUNT(label, name, value) fprintf(out, label " %" PRIu64 "\n", (uint64_t)(value));
    COUNTS(COUNT)
#undef COUNT
    fprintf(out, "latency p50 %.2f ms\n", latency_ms(state, 0.5));
    fprintf(out, "latency p99 %.2f ms\n", latency_ms(state, 0.99));
    fprintf(out, "latency max %.2f ms\n", (double)state->latency->max_us / 1000);
    fprintf(out, "delivered %" PRIu64 " of %" PRIu64 "\n", state->totals.delivered,
            state->totals.expected);
    fflush(out);
}

void simulate_report_json(FILE *out, const struct simulate_options *options,
                          const struct simulation_state *state)
{
    char url[WS_URL_SHOWN_BYTES];
    ws_url_show(options->server.url, url);
    fprintf(out, "{\"url\":\"%s\",\"users\":%" PRIu64 ",\"follow\":%" PRIu64 ",\"seed\":%" PRIu64,
            url, options->users, options->follow, options->seed);
#define COUNT(label, name, value) fprintf(out, ",\"" name "\":%" PRIu64, (uint64_t)(value));
    COUNTS(COUNT)
#undef COUNT
    fprintf(out, ",\"seconds\":%.3f", (double)state->elapsed_us / 1e6);
    fprintf(out, ",\"latency_ms\":{\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f}}\n",
            latency_ms(state, 0.5), latency_ms(state, 0.99), (double)state->latency->max_us / 1000);
    fflush(out);
}

bool simulate_report_is_clean(const struct simulation_state *state)
{
    const struct ledger_totals *totals = &state->totals;
    return missing(state) == 0 && totals->duplicates == 0 && totals->out_of_order == 0 &&
           totals->unexpected == 0 && state->errors == 0 && state->disconnected == 0;
}
