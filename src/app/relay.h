/*
 * relay: positions that a shard accepted, on their way to the other shards.
 *
 * What a loop turn brings is gathered into one parcel, which all other shards share by reference count: one post and one
 * wake-up for each of them in a turn. A shard that has as many positions in its mailbox as it may, from all the others, gets parcels
 * queued for it here; over a limit the queue is squashed to the newest of each runner. So what waits is bounded, by these limits and the
 * number of runners. Order per runner is kept throughout.
 */
#ifndef SPECTATE_APP_RELAY_H
#define SPECTATE_APP_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/mail.h"
#include "net/worker.h"
#include "proto/position.h"

struct relay;

/* Positions on their way; read-only once posted, but for the count of those who still hold it. */
struct parcel {
    struct mail mail;
    _Atomic size_t holders;
    size_t count;
    struct position positions[];
};

/* Where positions go. Borrowed, by all who send there; `unread` counts positions in its mailbox. */
struct relay_end {
    struct worker *worker;
    _Atomic size_t *unread;
};

/* Positions that may be in a mailbox; a parcel larger than that goes into an empty one. */
#define RELAY_UNREAD_MAX 65536

/* To `count` ends. Owned by the caller; used by one thread. */
struct relay *relay_new(const struct relay_end *to, size_t count);
void relay_free(struct relay **relay);

/* Add a position to this turn's parcel. 0 or ERR_NO_MEMORY. */
int relay_add(struct relay *relay, const struct position *position);

/*
 * The end of a turn: post what there is. Returns how many positions were squashed away, for the metric. `*has_more`: a worker has not
 * taken its mail, come again.
 */
size_t relay_post(struct relay *relay, bool *has_more);

/* A parcel that came by mail is dealt with: the receiver has room again, and gives up its hold. */
void relay_received(_Atomic size_t *unread, struct parcel *parcel);

#endif
