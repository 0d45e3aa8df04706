#include "bench/load/options.h"

#include "cli/option_table.h"

static const struct option_field fields[] = {
#define OPTION(id, name, kind, argument, member, low, high, help)                                  \
    {name, OPTION_##kind, argument, help, offsetof(struct load_options, member), low, high},
#include "bench/load/options.def"
#undef OPTION
    {0}};

static void check_together(struct load_options *options, struct argp_state *state)
{
    if (options->port == 0)
        argp_error(state, "which --port?");
    if (options->users)
        options->runners = options->followers;
    if (options->follow == 0)
        options->follow = options->runners;
    if (options->follow > options->runners)
        argp_error(state, "there are not --follow runners");
    if (options->stalled > options->followers)
        argp_error(state, "there are not --stalled followers");
}

static error_t parse(int key, char *value, struct argp_state *state)
{
    if (key == ARGP_KEY_END)
        check_together(state->input, state);
    return option_table_set(fields, key, value, state);
}

static const char doc[] =
    "Load a server on this machine with runners and followers, account for every copy of every "
    "position, and print the account as JSON."
    "\vExit status: 0 there is an account, whatever it says; 2 the usage is wrong; 3 the server "
    "could not be reached.";

struct load_options load_options_parse(int argc, char **argv)
{
    struct load_options options = {
        .protocol = "seed",
        .followers = 100,
        .runners = 10,
        .draw = "same",
        .rate = 100,
        .connect_rate = 5000,
        .connect_window = 128,
        .connect_ms = 20000,
        .warm_up_ms = 500,
        .duration_ms = 2000,
        .settle_ms = 2000,
        .seed = 1,
    };
    struct argp argp = {.parser = parse, .doc = doc};
    option_table_run(fields, &argp, argc, argv, &options);
    return options;
}
