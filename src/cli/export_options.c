#include "cli/export_options.h"

#include <argp.h>
#include <string.h>

#include "cli/option_table.h"

enum export_key {
    KEY_BEFORE = OPTION_FIRST_KEY - 1,
#define OPTION(id, name, kind, argument, member, low, high, help) KEY_##id,
#include "cli/export_options.def"
#undef OPTION
};

static const struct option_field fields[] = {
#define OPTION(id, name, kind, argument, member, low, high, help)                                  \
    {name, OPTION_##kind, argument, help, offsetof(struct export_options, member), low, high},
#include "cli/export_options.def"
#undef OPTION
    {0}};

static void choose_format(struct export_options *options, struct argp_state *state)
{
    options->format = TRACK_FORMAT_NDJSON;
    if (options->format_text != NULL) {
        options->format = track_format_of_name(options->format_text);
        if (options->format == TRACK_FORMAT_COUNT)
            argp_error(state, "--format is ndjson, geojson or gpx, not '%s'", options->format_text);
    } else if (options->output != NULL &&
               track_format_of_path(options->output) != TRACK_FORMAT_COUNT) {
        options->format = track_format_of_path(options->output);
    }
}

static void complete(struct export_options *options, struct argp_state *state)
{
    if (options->data == NULL)
        argp_error(state, "of which server? Give its folder, --data");
    if (options->group != NULL && options->runners.count > 0)
        argp_error(state, "--runner or --group?");
    if (options->output != NULL && strcmp(options->output, "-") == 0)
        options->output = NULL;
    choose_format(options, state);
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct export_options *options = state->input;
    if (key == ARGP_KEY_END) {
        complete(options, state);
        return 0;
    }
    error_t err = option_table_set(fields, key, value, state);
    if (key == KEY_RUNNER)
        runner_list_add(&options->runners, options->next_runner, state);
    return err;
}

static const char doc[] =
    "Write the tracks that a server has kept."
    "\vThe runners come in the order of their ids, or in which they were named, and their "
    "positions by time: the same tracks are "
    "the same bytes, however they were sent. For example:\n\n"
    "  spectate export --data /var/lib/spectate/data --output race.ndjson\n"
    "  spectate export --data /var/lib/spectate/data --runner 7 --output 7.gpx\n\n"
    "Exit status: 0 when all was written, 1 when it could not be or nothing is known of a runner, "
    "2 when the usage is wrong or "
    "there is no such store, 3 when it can't be read.";

struct export_options export_options_parse(int argc, char **argv)
{
    struct export_options options = {
        .runners = runner_list_for(argc), .from_ms = INT64_MIN, .until_ms = INT64_MAX};
    struct argp argp = {.parser = parse, .doc = doc};
    option_table_run(fields, &argp, argc, argv, &options);
    return options;
}

void export_options_fini(struct export_options *options)
{
    runner_list_fini(&options->runners);
}
