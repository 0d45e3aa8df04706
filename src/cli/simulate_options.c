#include "cli/simulate_options.h"

#include "base/clock.h"
#include "base/hash.h"
#include "cli/option_table.h"

#define NOT_GIVEN UINT64_MAX

static const struct option_field fields[] = {
#define OPTION(id, name, kind, argument, member, low, high, help)                                  \
    {name, OPTION_##kind, argument, help, offsetof(struct simulate_options, member), low, high},
#include "cli/server_options.def"
#include "cli/simulate_options.def"
#undef OPTION
    {0}};

static error_t parse(int key, char *value, struct argp_state *state)
{
    return option_table_set(fields, key, value, state);
}

static const char doc[] =
    "Play many users against a server, and account for every position they must get."
    "\vWithout options it is the prototype's test: 100 users who each follow themselves and the "
    "next, and 1000 positions "
    "from random users.\n\n"
    "Exit status: 0 when everything arrived once and in order, 1 when not, 2 when the usage is "
    "wrong, 3 when it could "
    "not connect.";

/* Seeds are printed and typed in again: short ones will do. */
static uint64_t draw_seed(void)
{
    uint64_t now_us = clock_monotonic_us();
    return hash_bytes(hash_key_random(), &now_us, sizeof now_us) % 1000000000;
}

struct simulate_options simulate_options_parse(int argc, char **argv)
{
    struct simulate_options options = {
        .server = {.url = SERVER_DEFAULT_URL},
        .users = 100,
        .follow = 2,
        .messages = NOT_GIVEN,
        .rate = 1000,
        .seed = NOT_GIVEN,
        .laps = 1,
        .connect_window = 100,
        .settle_ms = 5000,
    };
    struct argp argp = {.parser = parse, .doc = doc};
    option_table_run(fields, &argp, argc, argv, &options);
    if (options.messages == NOT_GIVEN)
        options.messages = options.course == NULL && options.duration_ms == 0 ? 1000 : 0;
    if (options.seed == NOT_GIVEN)
        options.seed = draw_seed();
    return options;
}
