#include "cli/import_options.h"

#include <argp.h>
#include <string.h>

#include "base/mem.h"
#include "cli/option_table.h"

static const struct option_field fields[] = {
#define OPTION(id, name, kind, argument, member, low, high, help)                                  \
    {name, OPTION_##kind, argument, help, offsetof(struct import_options, member), low, high},
#include "cli/import_options.def"
#undef OPTION
    {0}};

static void read_runner(struct import_options *options, struct argp_state *state)
{
    struct runner_id *id = &options->runner.id;
    if (runner_id_set(id, span_of_text(options->runner_text)) < 0)
        argp_error(state, "'%s' is no id: an id has 1 to %d bytes", options->runner_text,
                   RUNNER_ID_BYTES);
    options->runner.is_number = runner_id_is_integer(id);
}

static void complete_source(struct track_source *source, const struct import_options *options,
                            struct argp_state *state)
{
    source->format =
        options->format_text != NULL ? options->format : track_format_of_path(source->path);
    source->runner = options->runner;
    if (source->format == TRACK_FORMAT_COUNT)
        argp_error(state, "what is in %s? Give --format", source->path);
    if (source->format == TRACK_FORMAT_GPX && source->runner.id.len == 0 &&
        !track_source_name_by_path(source))
        argp_error(state, "whose track is %s? Give --runner", source->path);
}

static void complete(struct import_options *options, struct argp_state *state)
{
    if (options->data == NULL)
        argp_error(state, "for which server? Give its folder, --data");
    if (options->source_count == 0)
        argp_error(state, "which file? Give one at least, or - for standard input");
    if (options->runner_text != NULL)
        read_runner(options, state);
    if (options->format_text != NULL) {
        options->format = track_format_of_name(options->format_text);
        if (options->format == TRACK_FORMAT_COUNT)
            argp_error(state, "--format is ndjson, geojson or gpx, not '%s'", options->format_text);
    }
    for (size_t i = 0; i < options->source_count; i++)
        complete_source(&options->sources[i], options, state);
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct import_options *options = state->input;
    if (key == ARGP_KEY_ARG) {
        options->sources[options->source_count++].path = value;
        return 0;
    }
    if (key == ARGP_KEY_END) {
        complete(options, state);
        return 0;
    }
    return option_table_set(fields, key, value, state);
}

static const char doc[] =
    "Put recorded tracks into the store of a server that does not run."
    "\vWhat is there already stays as it is, so that it does no harm to import again. Positions "
    "without a time or of the future "
    "are refused. For example:\n\n"
    "  spectate import --data /var/lib/spectate/data race.ndjson\n"
    "  spectate import --data /var/lib/spectate/data --runner 7 morning.gpx\n\n"
    "Exit status: 0 when all was imported, 1 when positions were refused or could not be stored, 2 "
    "when the usage or a file is "
    "wrong, 3 when the store could not be opened.";

struct import_options import_options_parse(int argc, char **argv)
{
    struct import_options options = {.sources =
                                         mem_must((size_t)argc * sizeof(struct track_source))};
    struct argp argp = {.parser = parse, .args_doc = "FILE...", .doc = doc};
    option_table_run(fields, &argp, argc, argv, &options);
    return options;
}

void import_options_fini(struct import_options *options)
{
    mem_free(options->sources);
    options->sources = NULL;
}
