/*
 * missed: what somebody missed who comes back with a cursor, read from the store as elements of messages.
 *
 * Filled by one thread, read by missed_read() in a thread of the store, and then looked at by the first again. For each runner oldest
 * first; one runner behind the other.
 */
#ifndef SPECTATE_APP_MISSED_H
#define SPECTATE_APP_MISSED_H

#include <stddef.h>

#include "base/buf.h"
#include "base/span.h"
#include "hub/hub.h"
#include "proto/cursor.h"
#include "store/reader.h"

/* Who missed more gets a reset and the newest instead. */
#define MISSED_POSITIONS_MAX 20000
#define MISSED_BYTES_MAX (4U << 20)

/* Of the elements of one message; the last may go over by a position. */
#define MISSED_PIECE_BYTES 16384

struct missed {
    const struct hub_dialect *dialect; /* has a seal; only its `encode` is called */
    struct runner_id *ids;             /* owned; in order of their bytes, without repeats */
    size_t count;
    struct cursor after; /* what it has */
    struct cursor upto;  /* and what it gets otherwise begins here */
    struct buf elements; /* what was read */
    struct buf ends;     /* uint32_t; where pieces of about MISSED_PIECE_BYTES end in it */
    size_t positions;
};

/* Copy the ids. 0 or ERR_NO_MEMORY. All else is the caller's to set. */
int missed_init(struct missed *missed, const struct runner_id *ids, size_t count);
void missed_fini(struct missed *missed);

/*
 * In a job of store_ask(). 0; ERR_NOT_FOUND: not all of it is there; ERR_TOO_MANY: there is more than is told; or what the reader
 * failed with.
 */
int missed_read(struct missed *missed, struct store_reader *reader);

/* How many pieces there are: at least 1, which may be empty. And the elements of one. */
size_t missed_pieces(const struct missed *missed);
struct span missed_piece(const struct missed *missed, size_t piece);

/* The memory that it takes. */
size_t missed_bytes(const struct missed *missed);

#endif
