/*
 * socket_budget: how the process's descriptors are shared out.
 *
 *   | listeners, loops | connections that are served | told that it is full | reserve |
 *
 * The reserve is for operators and for files: certificates and revocations, keys that are fetched. Strangers never get into it,
 * however many they are, so that the server can be looked at and helped just when it is flooded.
 */
#ifndef SPECTATE_APP_SOCKET_BUDGET_H
#define SPECTATE_APP_SOCKET_BUDGET_H

#include <stddef.h>

#include "config/options.h"

/* On the operators' port: connections that are served, and with those that are told that it is full. */
#define SOCKET_BUDGET_OPERATORS 64
#define SOCKET_BUDGET_OPERATORS_ALL 80

/* Raise the soft limit to the hard one. How many descriptors may be; 0: not known, or no limit. */
size_t socket_budget_raise(void);

/* How many connections may be served at a time; 0: no limit. Warns of too few descriptors. */
size_t socket_budget_connections(const struct options *options, size_t descriptors);

/* How many sockets strangers may have, by the descriptors that are open now, with all that is needed to serve; 0: no limit. */
size_t socket_budget_strangers(size_t descriptors);

#endif
