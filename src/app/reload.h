/*
 * reload: what SIGHUP asks for. Keys, secrets, groups and certificates are read again and told to every shard. What can't be read
 * stays as it was, and the log says why.
 *
 * Main thread. Waits while a shard's mailbox is full: what was read reaches every shard, or none is left to need it.
 */
#ifndef SPECTATE_APP_RELOAD_H
#define SPECTATE_APP_RELOAD_H

#include <stddef.h>

struct certificates;
struct shard;
struct trust;

/* `certificates` NULL: there is no TLS. The shards are those that `trust` was started with. */
void reload(struct trust *trust, struct certificates *certificates, struct shard *const *shards,
            size_t count);

#endif
