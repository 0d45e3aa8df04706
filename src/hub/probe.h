/*
 * probe: who of an audience is late to read.
 *
 * The buffers between us and a reader may take minutes of the stream before its socket is ever full. So a probe goes along
 * with the stream of an audience, as part of a batch and so at the cost of no send: once a link of 16 kbit/s would be
 * behind by two fifths of the bound with what has gone since the last, and at the latest after 32 KiB. Who has not answered it in time reads too
 * slowly, and gets a window (hub/slow.h).
 */
#ifndef SPECTATE_HUB_PROBE_H
#define SPECTATE_HUB_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "hub/state.h"

/* A batch is about to be sealed: see who is late to answer the last probe, and put the next behind it when it is due. */
void probe_turn(struct hub *hub, struct audience *audience, uint64_t now_ms);

/* An answer came. True: it is the first one to the last probe of its audience. */
bool probe_hear(struct follower *follower, uint32_t probe);

#endif
