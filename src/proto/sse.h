/*
 * sse: what followers get, as server-sent events (HTML Living Standard, section 9.2): the messages of the dialect v1
 * (proto/v1_live.h, whose elements these are), one an event.
 *
 *   id: AVx..
 *   event: positions
 *   data: {"type":"positions","positions":[..],"superseded":3}
 *
 * The cursor is the event's id, and does not stand in the data: a browser that comes back shows the last one as Last-Event-ID. An
 * event without a cursor has no id, so that the one before stays the browser's.
 */
#ifndef SPECTATE_PROTO_SSE_H
#define SPECTATE_PROTO_SSE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"
#include "proto/position.h"
#include "proto/v1_live.h"

/* A sign of life: nothing that a client notices. */
#define SSE_COMMENT ":\n\n"

/* Append the one event of the elements, perhaps none; at most V1_SEAL_BYTES longer than they are. 0, or ERR_NO_MEMORY with `out` as it was. */
int sse_seal(const struct v1_seal *seal, struct span elements, struct buf *out);

/* Write the event that tells a status. Returns its length, at most V1_STATUS_BYTES. */
size_t sse_write_status(const struct position *newest, enum runner_status status, uint8_t *out);

/* Append a message of proto/v1_answer.h as an event of its type. 0, or ERR_NO_MEMORY with `out` as it was. */
int sse_encode_message(struct span message, struct buf *out);

/* Append how long a browser waits before it comes back. 0, or ERR_NO_MEMORY with `out` as it was. */
int sse_encode_retry(uint64_t retry_ms, struct buf *out);

#endif
