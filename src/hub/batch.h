/*
 * batch: the frames of one audience and one flush, in one allocation; shared by reference count once sealed.
 *
 * While it is pending, frames are appended. Sealed, it never changes, but gets a successor: batches form a chain in which
 * each holds the next, so a member that lags holds just the first batch it has not wholly got, and what nobody claims any
 * more frees itself. Frames grow from the front of the memory, and their marks from its end:
 *
 *   | struct | frame | frame | frame ->        free        <- mark | mark | mark |
 *
 * A mark says where a frame ends, which version it carries and how many positions there are up to there: so any place at a frame
 * boundary is also a version. Where a dialect puts several positions into a frame, they are gathered as the elements of an open frame,
 * which is closed before the batch is sealed, or somebody takes a place in it.
 */
#ifndef SPECTATE_HUB_BATCH_H
#define SPECTATE_HUB_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct batch {
    struct batch *next;    /* held; NULL: the newest */
    size_t *queued_bytes;  /* the hub's gauge */
    uint64_t stream_start; /* bytes that its audience sealed before it */
    uint64_t count_start;  /* positions that its audience accepted before it */
    uint64_t base_version; /* marks count from here; all its versions are above */
    uint64_t sealed_ms;
    uint64_t open_version; /* of the last element of the open frame */
    uint32_t holders;
    uint32_t bytes;     /* of frames, and of the elements of the open one */
    uint32_t frames;    /* and so of marks */
    uint32_t positions; /* in them, and in the open one */
    uint32_t open_at;   /* where the open frame begins; `bytes`: there is none */
    uint32_t capacity;  /* of `memory` */
    uint8_t memory[];
};

/* An empty pending batch with one holder. `queued_bytes` follows what batches hold. NULL without memory. */
struct batch *batch_new(size_t *queued_bytes);

/* Make room for these bytes and one mark in a pending batch, which may move. 0; ERR_NO_MEMORY: as it was. */
int batch_reserve(struct batch **batch, size_t bytes);

/* Append a frame, for which there is room. Versions grow; the first frame sets `base_version`. */
void batch_append(struct batch *batch, struct span frame, uint64_t version);

/* Append an element, for which there is room, to the open frame; the first one opens it. Versions grow. */
void batch_append_element(struct batch *batch, struct span element, uint64_t version);

/* Append a frame that is no position, for which there is room; the open frame is closed. Its version may be that of the frame before. */
void batch_append_notice(struct batch *batch, struct span frame, uint64_t version);

/* The elements of the open frame; none: it is closed. */
struct span batch_elements(const struct batch *batch);

/* This frame, for which there is room, takes the place of its elements. */
void batch_close_frame(struct batch *batch, struct span frame);

/* Append bytes, for which there is room, that count as a part of the last frame. */
void batch_extend(struct batch *batch, struct span bytes);

struct batch *batch_hold(struct batch *batch);

/* Give up a hold; with the last one it goes, and so may those after it. */
void batch_drop(struct batch *batch);

/* Where the frame ends that holds the byte before `offset`: `offset` itself when that is a boundary. */
uint32_t batch_boundary(const struct batch *batch, uint32_t offset);

/* How many positions are in the frames before the boundary `offset`; which version was the last of these (base_version: none). */
uint32_t batch_positions_before(const struct batch *batch, uint32_t offset);
uint64_t batch_version_at(const struct batch *batch, uint32_t offset);

/* Offset of the first frame with a version over `version`; the batch's bytes when there is none. */
uint32_t batch_offset_after(const struct batch *batch, uint64_t version);

/* The newest version in it. */
uint64_t batch_last_version(const struct batch *batch);

#endif
