/*
 * shard_events: what the files of a shard share. Nobody else includes this.
 */
#ifndef SPECTATE_APP_SHARD_EVENTS_H
#define SPECTATE_APP_SHARD_EVENTS_H

#include "app/mail.h"
#include "app/shard.h"

/* Of its worker; `context` is the shard. */
bool shard_on_turn(void *context, uint64_t now_ms);
void shard_on_tick(void *context, uint64_t now_ms);
void shard_on_mail(void *context, void *mail);

/* Stop accepting, send everything pending, then the close frames. Once; later calls do nothing. */
void shard_drain(struct shard *shard);

/* A position that was accepted here or by another shard, to the hub. Like hub_publish(). */
int shard_publish_here(struct shard *shard, const struct position *position);

/* A connection that another shard accepted, as this one has fewer. */
struct handed_socket {
    struct mail mail;
    int fd;
    struct address peer;
};

/* Begin a session, or close the descriptor. It counts in `load` already. */
void shard_take_socket(struct shard *shard, int fd, const struct address *peer);

#endif
