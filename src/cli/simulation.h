/*
 * simulation: many users as event-driven clients in one process, who play a scenario against a server.
 *
 * Happy path: all connect, a window of them at a time -> each follows, and is known to follow when the ping sent behind
 * the follow message is answered -> the scenario is published on its own schedule -> wait until everything arrived ->
 * all close. A user who can't connect ends it; one who is cut off later is counted, and what it misses is missing.
 * SIGINT or SIGTERM end the publishing, a second one ends everything at once.
 */
#ifndef SPECTATE_CLI_SIMULATION_H
#define SPECTATE_CLI_SIMULATION_H

#include <stdbool.h>
#include <stdint.h>

#include "app/ws_client.h"
#include "cli/latency.h"
#include "cli/ledger.h"
#include "cli/scenario.h"

/* How it stands, at any time and at the end. */
struct simulation_state {
    uint32_t connected;    /* users who follow what they want */
    uint32_t disconnected; /* of these, cut off before the end */
    uint64_t errors;       /* messages of the server that are no positions */
    struct ledger_totals totals;
    uint64_t elapsed_us; /* since the first position was due */
    const struct latency
        *latency;            /* from when a position was due, or sent when there is no schedule */
    const struct race *race; /* NULL: none */
    char failure[160];       /* why it could not connect; "" when it could */
};

struct simulation_options {
    const struct ws_client_options *client; /* borrowed */
    struct scenario *scenario;              /* borrowed */
    uint32_t users;
    uint32_t follow;
    uint32_t connect_window;
    uint64_t settle_ms;
    uint64_t duration_us; /* publish no longer than this; 0: no limit */
    bool
        has_schedule; /* the scenario's times count; else each position is sent as soon as the sockets take it */
    bool is_verbose; /* print each receipt to standard output */
    /* Every second; may be NULL. The state is borrowed. */
    void (*on_second)(void *context, const struct simulation_state *state);
    void *context;
};

struct simulation;

/* Owned by the caller. NULL with `errno`: no memory, no descriptors. */
struct simulation *simulation_new(const struct simulation_options *options);
void simulation_free(struct simulation **simulation);

/* Play it to its end, in this thread. */
void simulation_run(struct simulation *simulation);

/* Borrowed parts live as long as the simulation. */
struct simulation_state simulation_state(const struct simulation *simulation);

#endif
