/*
 * runner_list: ids that a command was given one by one, --runner ID --runner ID.
 */
#ifndef SPECTATE_CLI_RUNNER_LIST_H
#define SPECTATE_CLI_RUNNER_LIST_H

#include <argp.h>
#include <stddef.h>

#include "proto/position.h"

struct runner_list {
    struct runner_id *items; /* owned */
    size_t count;
};

/* Room for as many as a command line of so many words can name. */
struct runner_list runner_list_for(int argc);
void runner_list_fini(struct runner_list *list);

/* What is no id ends the process with the usage status. */
void runner_list_add(struct runner_list *list, const char *text, struct argp_state *state);

#endif
