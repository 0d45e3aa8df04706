/*
 * simulate_options: the command line of `spectate simulate`.
 */
#ifndef SPECTATE_CLI_SIMULATE_OPTIONS_H
#define SPECTATE_CLI_SIMULATE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/server_options.h"

struct simulate_options {
    struct server_options server;
    uint64_t users;
    uint64_t follow;
    uint64_t messages;    /* 0: no limit */
    double rate;          /* a second; 0: no schedule */
    uint64_t duration_ms; /* 0: no limit */
    uint64_t seed;
    const char *course; /* NULL: jumps at random */
    uint64_t laps;
    uint64_t connect_window;
    uint64_t settle_ms;
    const char *json; /* NULL: none; "-": standard output */
    bool is_verbose;
    bool is_quiet;
};

/* Does not return when the usage is wrong or --help is asked for. */
struct simulate_options simulate_options_parse(int argc, char **argv);

#endif
