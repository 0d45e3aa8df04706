/*
 * ws_probe: a ping with a number, whose pong tells that the peer has read all that was sent before it.
 */
#ifndef SPECTATE_CODEC_WS_PROBE_H
#define SPECTATE_CODEC_WS_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define WS_PROBE_BYTES 6

/* Write the frame; returns its length, WS_PROBE_BYTES. */
size_t ws_probe_write(uint32_t number, uint8_t *out);

/* The payload of a pong. False: it answers something else. */
bool ws_probe_read(struct span payload, uint32_t *number);

#endif
