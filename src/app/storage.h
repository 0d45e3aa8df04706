/*
 * storage: the store as the server has it: opened as the options say, shown to the shards before they run, closed when they have
 * ended.
 */
#ifndef SPECTATE_APP_STORAGE_H
#define SPECTATE_APP_STORAGE_H

#include <stddef.h>

#include "config/options.h"
#include "metrics/metrics.h"
#include "store/store.h"

struct shard;

#define STORAGE_FILE "spectate.db" /* in the folder of `data` */

/*
 * Open what the options ask for; `*store` is NULL when they ask for nothing. From here on cursors are of this store. Main thread, as the
 * user that the process will be, before there are others. 0, or a failure that is logged.
 */
int storage_open(const struct options *options, struct store **store);

/* The newest positions become those of these shards, and what is published there is kept. 0, or a failure that is logged. */
int storage_use(struct store *store, const struct options *options, struct shard *const *shards,
                size_t count);

/* "" or how the store is, for people. */
const char *storage_health_text(enum store_health health);

void storage_refresh_metrics(struct store *store, struct metrics *metrics);

#endif
