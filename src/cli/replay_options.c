#include "cli/replay_options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/option_table.h"

enum key {
    KEY_BEFORE = OPTION_FIRST_KEY - 1,
#define OPTION(id, name, kind, argument, member, low, high, help) KEY_##id,
#include "cli/replay_options.def"
#include "cli/server_options.def"
#undef OPTION
};

static const struct option_field fields[] = {
#define OPTION(id, name, kind, argument, member, low, high, help)                                  \
    {name, OPTION_##kind, argument, help, offsetof(struct replay_options, member), low, high},
#include "cli/replay_options.def"
#include "cli/server_options.def"
#undef OPTION
    {0}};

static void add_id(struct replay_options *options, struct argp_state *state)
{
    if (runner_id_set(&options->ids[options->id_count], span_of_text(options->next_id)) < 0)
        argp_error(state, "'%s' is no id: an id has 1 to %d bytes", options->next_id,
                   RUNNER_ID_BYTES);
    options->id_count++;
}

static void set_speed(struct replay_options *options, struct argp_state *state)
{
    if (strcmp(options->speed_text, "max") == 0) {
        options->speed = 0;
        return;
    }
    char *end;
    options->speed = strtod(options->speed_text, &end);
    bool is_number = *options->speed_text != '\0' && *end == '\0';
    if (!is_number || !isfinite(options->speed) || options->speed < 0 || options->speed > 1e6)
        argp_error(state, "--speed is a number from 0 to 1000000, or max");
}

static bool is_double(const struct replay_options *options)
{
    for (size_t i = 0; i < options->id_count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (options->ids[i].len == options->ids[j].len &&
                memcmp(options->ids[i].text, options->ids[j].text, options->ids[i].len) == 0)
                return true;
        }
    }
    return false;
}

/* Files without an id of their own are called by their place. */
static void complete(struct replay_options *options, struct argp_state *state)
{
    if (options->path_count == 0)
        argp_error(state, "which file? Give a GPX file at least");
    if (options->id_count > options->path_count)
        argp_error(state, "there are more ids than files");
    while (options->id_count < options->path_count) {
        runner_id_set_integer(&options->ids[options->id_count], (int64_t)options->id_count + 1);
        options->id_count++;
    }
    if (is_double(options))
        argp_error(state, "two files would have the same id: name them with --id");
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct replay_options *options = state->input;
    if (key == ARGP_KEY_ARG) {
        options->paths[options->path_count++] = value;
        return 0;
    }
    if (key == ARGP_KEY_END) {
        complete(options, state);
        return 0;
    }
    error_t err = option_table_set(fields, key, value, state);
    if (key == KEY_ID)
        add_id(options, state);
    else if (key == KEY_SPEED)
        set_speed(options, state);
    return err;
}

static const char doc[] =
    "Publish recorded GPX tracks as live runners, each file by one runner in its own timing."
    "\vExit status: 0 when everything was published (and, with --follow, arrived once and in "
    "order), 1 when not, 2 when "
    "the usage or a file is wrong, 3 when it could not connect.";

struct replay_options replay_options_parse(int argc, char **argv)
{
    struct replay_options options = {
        .server = {.url = SERVER_DEFAULT_URL},
        .paths = mem_must((size_t)argc * sizeof *options.paths),
        .ids = mem_must((size_t)argc * 2 * sizeof *options.ids),
        .speed = 1,
        .settle_ms = 5000,
    };
    struct argp argp = {
        .parser = parse,
        .args_doc = "FILE.gpx...",
        .doc = doc,
    };
    option_table_run(fields, &argp, argc, argv, &options);
    return options;
}

void replay_options_fini(struct replay_options *options)
{
    mem_free(options->paths);
    mem_free(options->ids);
    options->paths = NULL;
    options->ids = NULL;
}
