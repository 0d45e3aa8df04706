/*
 * replay_options: the command line of `spectate replay`.
 */
#ifndef SPECTATE_CLI_REPLAY_OPTIONS_H
#define SPECTATE_CLI_REPLAY_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/server_options.h"
#include "proto/position.h"

struct replay_options {
    struct server_options server;
    const char **paths;    /* owned array of borrowed texts */
    size_t path_count;     /* at least 1 */
    struct runner_id *ids; /* owned; as many as there are paths */
    size_t id_count;
    double speed; /* 0: as fast as the server takes it */
    uint64_t settle_ms;
    bool is_absolute;
    bool is_following;
    bool is_quiet;
    const char *speed_text; /* as they were given; NULL: not */
    const char *next_id;
};

/* Does not return when the usage is wrong or --help is asked for. */
struct replay_options replay_options_parse(int argc, char **argv);
void replay_options_fini(struct replay_options *options);

#endif
