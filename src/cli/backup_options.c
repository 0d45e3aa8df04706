#include "cli/backup_options.h"

#include <argp.h>

#include "cli/option_table.h"

static const struct option_field fields[] = {
#define OPTION(id, name, kind, argument, member, low, high, help)                                  \
    {name, OPTION_##kind, argument, help, offsetof(struct backup_options, member), low, high},
#include "cli/backup_options.def"
#undef OPTION
    {0}};

static error_t parse(int key, char *value, struct argp_state *state)
{
    const struct backup_options *options = state->input;
    if (key != ARGP_KEY_END)
        return option_table_set(fields, key, value, state);
    if (options->data == NULL)
        argp_error(state, "of which server? Give its folder, --data");
    if (options->output == NULL && !options->wants_check)
        argp_error(state, "where to? Give --output, or --check to look at the store alone");
    return 0;
}

static const char doc[] =
    "Copy a server's store, as of one moment, while the server works; or see that it is sound."
    "\vThe copy is one file. To go back to it, stop the server and put the file in the place of "
    "spectate.db in its folder, "
    "with spectate.db-wal and spectate.db-shm removed. For example:\n\n"
    "  spectate backup --data /var/lib/spectate/data --output spectate-2026-05-01.db --check\n\n"
    "Exit status: 0 when it is made and sound, 1 when it is not, 2 when the usage is wrong or "
    "there is no such store, 3 when it "
    "can't be read.";

struct backup_options backup_options_parse(int argc, char **argv)
{
    struct backup_options options = {0};
    struct argp argp = {.parser = parse, .doc = doc};
    option_table_run(fields, &argp, argc, argv, &options);
    return options;
}
