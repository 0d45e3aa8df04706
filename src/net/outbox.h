/*
 * outbox: bytes that must go out before anything else, while the socket is full. Exists only while there are some.
 */
#ifndef SPECTATE_NET_OUTBOX_H
#define SPECTATE_NET_OUTBOX_H

#include <stddef.h>

#include "base/span.h"

struct outbox;

/* Append a copy; `*outbox` is made when it is NULL. 0 or ERR_NO_MEMORY (as it was). */
int outbox_keep(struct outbox **outbox, struct span bytes);

/* What waits, in order; borrowed until the outbox changes. Empty for NULL. */
struct span outbox_waiting(const struct outbox *outbox);

/* The first `bytes` are out. With the last, the outbox is freed and `*outbox` NULL. */
void outbox_sent(struct outbox **outbox, size_t bytes);

/* Bytes in memory, with those that are out: never more than twice those that wait. */
size_t outbox_held(const struct outbox *outbox);

/* NULL inside is fine. */
void outbox_free(struct outbox **outbox);

#endif
