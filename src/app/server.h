/*
 * server: `spectate serve` as a whole: shards on their threads, listeners, signals, an end in good order.
 */
#ifndef SPECTATE_APP_SERVER_H
#define SPECTATE_APP_SERVER_H

#include "app/session.h"
#include "base/buf.h"
#include "config/options.h"

struct server;

/*
 * Serve until SIGTERM or SIGINT, then end in order; a second signal ends the process at once. Returns an exit code (base/exit_code.h):
 * 0, or that for what could not be started, logged. To be called from the main thread, once in a process.
 */
int server_run(const struct options *options, const struct session_handlers *handlers);

struct shard;
struct store;
struct trust;

/* Borrowed. The shards that serve runners and spectators; what all of them share of access control. Any thread. */
struct shard *const *server_shards(const struct server *server, size_t *count);
struct trust *server_trust(const struct server *server);

/* Borrowed, while shards run; NULL: nothing is kept. Any thread. */
struct store *server_store(const struct server *server);

/* Prometheus text of all shards. Any worker's thread. 0 or ERR_NO_MEMORY. */
int server_write_metrics(const struct server *server, struct buf *out);

#endif
