/*
 * options: the command line of the load generator.
 */
#ifndef SPECTATE_BENCH_LOAD_OPTIONS_H
#define SPECTATE_BENCH_LOAD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct load_options {
    uint64_t port;
    bool tls;
    const char *protocol;
    uint64_t followers;
    uint64_t runners;
    uint64_t follow; /* 1 to runners */
    const char *draw;
    bool users; /* then as many runners as followers */
    bool wildcard;
    double rate; /* 0: nobody publishes */
    uint64_t star_ms;
    uint64_t stalled; /* at most followers */
    double connect_rate;
    uint64_t connect_window;
    uint64_t connect_ms;
    uint64_t warm_up_ms;
    uint64_t duration_ms;
    uint64_t settle_ms;
    uint64_t seed;
    const char *watch; /* NULL: nobody */
    bool trace;
};

/* Does not return when the usage is wrong or --help is asked for. */
struct load_options load_options_parse(int argc, char **argv);

#endif
