/*
 * archive: positions that a shard's sessions published, on their way to the store, and the word that they are on disk.
 *
 * What a loop turn brings is one batch. It is put before the other shards are told of its positions: so whatever shard has applied
 * a position and then asks the store for it, finds it there (store/store.h). Live does not wait for any of this.
 *
 * Who wants to know whether what it sent is stored leaves a note, which comes back with how it went. Used by one shard's thread, but
 * for what the store calls.
 */
#ifndef SPECTATE_APP_ARCHIVE_H
#define SPECTATE_APP_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "net/worker.h"
#include "proto/position.h"
#include "store/store.h"

struct archive;

#define ARCHIVE_MESSAGE_POSITIONS 32768 /* of one message */
#define ARCHIVE_NOTE_BYTES 1024

/* Owned by the caller. `store` and `worker`, which is woken when something has come back, are borrowed. */
struct archive *archive_new(struct store *store, struct worker *worker);

/* When the store has been closed. */
void archive_free(struct archive **archive);

/*
 * The positions of one message follow, at most so many: all will be stored, or the message counts as not stored. What can't be handed
 * to the store is noted there as lost.
 */
void archive_begin(struct archive *archive, size_t count);
void archive_add(struct archive *archive, const struct position *position, int64_t received_ms,
                 uint8_t flags);

/*
 * That was all of them, and this session wants to know. The text is at most ARCHIVE_NOTE_BYTES. 0; ERR_NO_MEMORY: nothing will be
 * said, nor is it known whether they will be stored.
 */
int archive_want_word(struct archive *archive, uint64_t session_id, struct span text);

/* The end of a turn: hand over what there is. */
void archive_post(struct archive *archive);

/* What has come back since: `err` 0 means on disk; else as a batch's (store/store.h), or ERR_FULL: the store's queue is. */
typedef void archive_word_fn(void *ctx, uint64_t session_id, struct span note, int err);
void archive_collect(struct archive *archive, archive_word_fn *visit, void *ctx);

/* Positions that could not be handed over, since the start. */
uint64_t archive_not_put(const struct archive *archive);

#endif
