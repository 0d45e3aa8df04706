#include "cli/erase_options.h"

#include <argp.h>

#include "cli/option_table.h"

enum erase_key {
    KEY_BEFORE_ALL = OPTION_FIRST_KEY - 1,
#define OPTION(id, name, kind, argument, member, low, high, help) KEY_##id,
#include "cli/erase_options.def"
#undef OPTION
};

static const struct option_field fields[] = {
#define OPTION(id, name, kind, argument, member, low, high, help)                                  \
    {name, OPTION_##kind, argument, help, offsetof(struct erase_options, member), low, high},
#include "cli/erase_options.def"
#undef OPTION
    {0}};

static void complete(const struct erase_options *options, struct argp_state *state)
{
    bool has_time = options->before_ms != INT64_MIN;
    if (options->data == NULL)
        argp_error(state, "of which server? Give its folder, --data");
    if (has_time == (options->runners.count > 0))
        argp_error(state, "what? Give --runner or --before");
    if (options->group != NULL && !has_time)
        argp_error(state, "--group goes with --before");
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    struct erase_options *options = state->input;
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
    "Erase runners, or what is old, from the store of a server that does not run."
    "\vOf a runner nothing remains in the store's files; copies, such as backups, are not touched. "
    "It can't be taken back. For "
    "example:\n\n"
    "  spectate erase --data /var/lib/spectate/data --runner 7\n"
    "  spectate erase --data /var/lib/spectate/data --before 2026-01-01 --yes\n\n"
    "Exit status: 0 when it is erased, 1 when it is not or nothing is known of a runner, 2 when "
    "the usage is wrong or there is "
    "no such store, 3 when it could not be opened.";

struct erase_options erase_options_parse(int argc, char **argv)
{
    struct erase_options options = {.runners = runner_list_for(argc), .before_ms = INT64_MIN};
    struct argp argp = {.parser = parse, .doc = doc};
    option_table_run(fields, &argp, argc, argv, &options);
    return options;
}

void erase_options_fini(struct erase_options *options)
{
    runner_list_fini(&options->runners);
}
