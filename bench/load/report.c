#include "bench/load/report.h"

#include <inttypes.h>

#define COUNTS(COUNT)                                                                              \
    COUNT("opened", load->opened)                                                                  \
    COUNT("ready", load->ready)                                                                    \
    COUNT("failed", load->failed)                                                                  \
    COUNT("closed", load->closed)                                                                  \
    COUNT("closed_stalled", load->closed_stalled)                                                  \
    COUNT("sent", totals.sent)                                                                     \
    COUNT("skipped", load->skipped)                                                                \
    COUNT("expected", totals.expected)                                                             \
    COUNT("delivered", totals.delivered)                                                           \
    COUNT("missing", totals.expected - totals.delivered)                                           \
    COUNT("duplicates", totals.duplicates)                                                         \
    COUNT("reordered", totals.reordered)                                                           \
    COUNT("too_old", totals.too_old)                                                               \
    COUNT("misdelivered", totals.misdelivered)                                                     \
    COUNT("foreign", totals.foreign)                                                               \
    COUNT("strange", load->strange)                                                                \
    COUNT("pairs", totals.pairs)                                                                   \
    COUNT("stale", totals.stale)

static double ms(uint64_t duration_us)
{
    return (double)duration_us / 1000;
}

static void print_latency(FILE *out, const char *name, const struct latency *latency)
{
    fprintf(out,
            ",\"%s\":{\"count\":%" PRIu64 ",\"p50\":%.3f,\"p99\":%.3f,\"p999\":%.3f,\"max\":%.3f}",
            name, latency->total, ms(latency_quantile_us(latency, 0.5)),
            ms(latency_quantile_us(latency, 0.99)), ms(latency_quantile_us(latency, 0.999)),
            ms(latency->max_us));
}

/* How much of the time from the first connection to the window's end something else had the generator's core. */
static double disturbed_share(const struct load *load)
{
    return (double)(load->end.own_wait_us - load->before.own_wait_us) /
           (double)(load->end.now_us - load->before.now_us);
}

/* What happened between the ends of the window, whenever it was sent. */
static void print_window(FILE *out, const struct load *load)
{
    const struct load_sample *begin = &load->begin;
    const struct load_sample *end = &load->end;
    double seconds = (double)(end->now_us - begin->now_us) / 1e6;
    uint64_t received = end->received - begin->received;
    uint64_t cpu_us = end->server_cpu_us - begin->server_cpu_us;
    fprintf(out, ",\"window_s\":%.3f,\"received\":%" PRIu64 ",\"received_per_s\":%.1f", seconds,
            received, (double)received / seconds);
    fprintf(out, ",\"generator_cpu_s\":%.3f", (double)(end->own_cpu_us - begin->own_cpu_us) / 1e6);
    fprintf(out, ",\"disturbed_share\":%.4f", disturbed_share(load));
    fprintf(out, ",\"socket_memory_bytes\":{\"before\":%" PRIu64 ",\"end\":%" PRIu64 "}",
            load->before.socket_memory_bytes, end->socket_memory_bytes);
    if (load->server.count == 0)
        return;
    fprintf(out, ",\"server_cpu_s\":%.3f,\"server_cpu_us_per_delivery\":%.4f", (double)cpu_us / 1e6,
            received > 0 ? (double)cpu_us / (double)received : 0);
    fprintf(out, ",\"server_connect_cpu_s\":%.3f",
            (double)(load->connected.server_cpu_us - load->before.server_cpu_us) / 1e6);
    fprintf(out, ",\"server_memory_bytes\":{\"before\":%" PRIu64 ",\"end\":%" PRIu64 "}",
            load->before.server_memory_bytes, end->server_memory_bytes);
}

void report_json(FILE *out, const struct load *load)
{
    struct account_totals totals = account_totals(load->account);
    fprintf(out, "{\"protocol\":\"%s\"", load->protocol->name);
#define COUNT(name, value) fprintf(out, ",\"" name "\":%" PRIu64, (uint64_t)(value));
    COUNTS(COUNT)
#undef COUNT
    fprintf(out, ",\"connect_s\":%.3f", (double)load->connect_us / 1e6);
    print_latency(out, "handshake_ms", &load->handshake);
    print_latency(out, "ready_ms", &load->greeted);
    print_latency(out, "latency_ms", account_latency(load->account));
    if (load->options->star_ms > 0) {
        print_latency(out, "star_latency_ms", account_star_latency(load->account));
        print_latency(out, "star_last_ms", account_star_last(load->account));
    }
    print_latency(out, "lag_ms", &load->lag);
    print_window(out, load);
    fputs("}\n", out);
}
