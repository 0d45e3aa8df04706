#include "cli/simulate_progress.h"

#include <inttypes.h>
#include <unistd.h>

#define PIPE_INTERVAL_S 10

struct simulate_progress simulate_progress_on(FILE *out)
{
    return (struct simulate_progress){.out = out, .is_terminal = isatty(fileno(out)) == 1};
}

static void tell_race(struct simulate_progress *progress, const struct simulation_state *state)
{
    struct race_standing standing = race_standing(state->race);
    uint64_t seconds = (state->elapsed_us + 500000) / 1000000; /* told a hair early or late */
    uint64_t per_second = state->totals.delivered - progress->delivered;
    fprintf(progress->out, "%02" PRIu64 ":%02" PRIu64 " %u running", seconds / 60, seconds % 60,
            standing.running);
    if (standing.finished > 0)
        fprintf(progress->out, ", %u finished", standing.finished);
    fprintf(progress->out, ", leader %u at %.2f km", standing.leader, standing.leader_m / 1000);
    unsigned pace_s = (unsigned)standing.leader_pace_s_km;
    if (pace_s > 0)
        fprintf(progress->out, " (%u:%02u min/km)", pace_s / 60, pace_s % 60);
    fprintf(progress->out, ", %" PRIu64 " positions delivered/s\n", per_second);
}

static void tell_counts(struct simulate_progress *progress, const struct simulation_state *state)
{
    const struct ledger_totals *totals = &state->totals;
    fprintf(progress->out,
            "\r%u connected, %" PRIu64 " published, %" PRIu64 " of %" PRIu64 " delivered, %" PRIu64
            "/s\x1b[K",
            state->connected, totals->published, totals->delivered, totals->expected,
            totals->delivered - progress->delivered);
    progress->has_line = true;
}

void simulate_progress_tell(void *context, const struct simulation_state *state)
{
    struct simulate_progress *progress = context;
    bool is_race = state->race != NULL && state->elapsed_us > 0;
    bool is_due = progress->is_terminal || progress->seconds % PIPE_INTERVAL_S == 0;
    if (is_race && is_due)
        tell_race(progress, state);
    else if (!is_race && progress->is_terminal)
        tell_counts(progress, state);
    progress->seconds++;
    progress->delivered = state->totals.delivered;
    fflush(progress->out);
}

void simulate_progress_end(struct simulate_progress *progress)
{
    if (progress->has_line)
        fprintf(progress->out, "\r\x1b[K");
    progress->has_line = false;
}
