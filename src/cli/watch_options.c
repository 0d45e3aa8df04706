#include "cli/watch_options.h"

#include <argp.h>

#include "base/mem.h"
#include "cli/option_table.h"

static const struct option_field fields[] = {
#define OPTION(id, name, kind, argument, member, low, high, help)                                  \
    {name, OPTION_##kind, argument, help, offsetof(struct watch_options, member), low, high},
#include "cli/server_options.def"
#include "cli/watch_options.def"
#undef OPTION
    {0}};

static void add_id(struct watch_options *options, const char *text, struct argp_state *state)
{
    if (runner_id_set(&options->ids[options->id_count], span_of_text(text)) < 0)
        argp_error(state, "'%s' is no id: an id has 1 to %d bytes", text, RUNNER_ID_BYTES);
    options->id_count++;
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct watch_options *options = state->input;
    if (key == ARGP_KEY_ARG) {
        add_id(options, value, state);
        return 0;
    }
    if (key == ARGP_KEY_NO_ARGS)
        argp_error(state, "whom to follow? Give an id at least");
    return option_table_set(fields, key, value, state);
}

static const char doc[] =
    "Follow runners and print a line for each position."
    "\vWhen the connection breaks it is made again, after a moment. Ctrl-C ends it.\n\n"
    "Exit status: 0 when it was ended, 2 when the usage is wrong, 3 when the server's name is "
    "unknown.";

struct watch_options watch_options_parse(int argc, char **argv)
{
    struct watch_options options = {
        .server = {.url = SERVER_DEFAULT_URL},
        .ids = mem_must((size_t)argc * sizeof *options.ids),
    };
    struct argp argp = {
        .parser = parse,
        .args_doc = "ID...",
        .doc = doc,
    };
    option_table_run(fields, &argp, argc, argv, &options);
    return options;
}

void watch_options_fini(struct watch_options *options)
{
    mem_free(options->ids);
    options->ids = NULL;
}
