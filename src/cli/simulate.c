/*
 * simulate: `spectate simulate`, the prototype's test client grown up. It plays a scenario against a server and tells
 * exactly what was lost, doubled or overtaken, with the exit status to match.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/exit_code.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/course_file.h"
#include "cli/descriptors.h"
#include "cli/option_table.h"
#include "cli/simulate_options.h"
#include "cli/simulate_progress.h"
#include "cli/simulate_report.h"
#include "cli/simulation.h"

/* The loop's own, the standard streams, files: generously. */
#define OTHER_DESCRIPTORS 32

static bool has_descriptors(uint64_t users)
{
    uint64_t limit = descriptors_raise_limit();
    if (limit >= users + OTHER_DESCRIPTORS)
        return true;
    fprintf(stderr,
            "simulate: %" PRIu64 " users need more descriptors than the %" PRIu64
            " this process may have (ulimit -n)\n",
            users, limit);
    return false;
}

static struct scenario *make_scenario(const struct simulate_options *options,
                                      const struct course *course)
{
    struct scenario_options scenario = {
        .course = course,
        .seed = options->seed,
        .messages = options->messages,
        .duration_us = options->duration_ms * 1000,
        .rate = options->rate,
        .users = (uint32_t)options->users,
        .laps = (uint32_t)options->laps,
    };
    return scenario_new(&scenario);
}

/* False when it was asked for and could not be written. */
static bool report_json(const struct simulate_options *options,
                        const struct simulation_state *state)
{
    if (options->json == NULL)
        return true;
    FILE *file = strcmp(options->json, "-") == 0 ? stdout : fopen(options->json, "w");
    if (file == NULL) {
        fprintf(stderr, "simulate: %s: %s\n", options->json, strerror(errno));
        return false;
    }
    simulate_report_json(file, options, state);
    bool is_written = (file == stdout ? fflush(file) : fclose(file)) == 0;
    if (!is_written)
        fprintf(stderr, "simulate: %s: %s\n", options->json, strerror(errno));
    return is_written;
}

static int report(const struct simulate_options *options, FILE *out,
                  const struct simulation_state *state)
{
    if (state->failure[0] != '\0') {
        char url[WS_URL_SHOWN_BYTES];
        ws_url_show(options->server.url, url);
        fprintf(stderr, "simulate: could not connect to %s: %s\n", url, state->failure);
        return EXIT_CODE_NOT_STARTED;
    }
    simulate_report_table(out, state);
    bool is_reported = report_json(options, state);
    return is_reported && simulate_report_is_clean(state) ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

static int play(const struct simulate_options *options, const struct ws_client_options *client,
                struct scenario *scenario)
{
    /* Standard output is the JSON's when that is asked for. */
    bool is_json_out = options->json != NULL && strcmp(options->json, "-") == 0;
    FILE *out = is_json_out ? stderr : stdout;
    struct simulate_progress progress = simulate_progress_on(out);
    struct simulation_options play = {
        .client = client,
        .scenario = scenario,
        .users = (uint32_t)options->users,
        .follow = (uint32_t)options->follow,
        .connect_window = (uint32_t)options->connect_window,
        .settle_ms = options->settle_ms,
        .duration_us = options->duration_ms * 1000,
        .has_schedule = options->course != NULL || options->rate > 0,
        .is_verbose = options->is_verbose,
        .on_second = options->is_quiet ? NULL : simulate_progress_tell,
        .context = &progress,
    };
    struct simulation *simulation = simulation_new(&play);
    if (simulation == NULL) {
        fprintf(stderr, "simulate: no memory or descriptors for so many users and follows\n");
        return EXIT_CODE_NOT_STARTED;
    }
    simulate_report_begin(out, options);
    simulation_run(simulation);
    simulate_progress_end(&progress);
    struct simulation_state state = simulation_state(simulation);
    int status = report(options, out, &state);
    simulation_free(&simulation);
    return status;
}

static int run(const struct simulate_options *options, const struct ws_client_options *client)
{
    if (!has_descriptors(options->users))
        return EXIT_CODE_NOT_STARTED;
    struct course *course = NULL;
    if (options->course != NULL) {
        char error[COURSE_FILE_ERROR_BYTES];
        course = course_file_load(options->course, error);
        if (course == NULL) {
            fprintf(stderr, "simulate: %s\n", error);
            return EXIT_CODE_USAGE;
        }
    }
    struct scenario *scenario = make_scenario(options, course);
    int status = EXIT_CODE_NOT_STARTED;
    if (scenario == NULL)
        fprintf(stderr, "simulate: no memory for so many users\n");
    else
        status = play(options, client, scenario);
    scenario_free(&scenario);
    course_free(&course);
    return status;
}

int simulate_main(int argc, char **argv)
{
    struct simulate_options options = simulate_options_parse(argc, argv);
    struct ws_client_options client = server_options_resolve(&options.server, "simulate");
    int status = run(&options, &client);
    ws_client_options_fini(&client);
    return status;
}
