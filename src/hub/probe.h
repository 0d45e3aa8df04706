/*
 * probe: who of an audience is late to read.
 *
 * The buffers between us and a reader may take minutes of the stream before its socket is ever full. So a probe goes along
 * with the stream of an audience, as part of a batch and so at the cost of no send, once some kilobytes have gone since the
 * last: 4, and while nobody is late and nobody new comes 8, 16, then 32, since each answer is a packet to be read. Who has not answered it in time reads too slowly, and gets a window (hub/slow.h).
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
