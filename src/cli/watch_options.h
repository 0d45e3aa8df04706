/*
 * watch_options: the command line of `spectate watch`.
 */
#ifndef SPECTATE_CLI_WATCH_OPTIONS_H
#define SPECTATE_CLI_WATCH_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/server_options.h"
#include "proto/position.h"

struct watch_options {
    struct server_options server;
    struct runner_id *ids; /* owned */
    size_t id_count;       /* at least 1 */
    uint64_t count;        /* 0: no end */
    bool is_json;
    bool wants_snapshot;
};

/* Does not return when the usage is wrong or --help is asked for. */
struct watch_options watch_options_parse(int argc, char **argv);
void watch_options_fini(struct watch_options *options);

#endif
