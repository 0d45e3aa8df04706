/*
 * probe: who of an audience is late to read.
 *
 * The buffers between us and a reader may take minutes of the stream before its socket is ever full.
 * So a probe goes along with the stream of an audience, as part of a batch and so at the cost of no
 * send: once a link of 16 kbit/s would be behind by two fifths of the bound with what has gone since
 * the last, and else when that is 32 KiB for a bound of 5 s. Who has not answered it when a quarter of
 * the bound has passed reads too slowly, and gets a window (hub/slow.h). Where such a link would be
 * behind as far again, it is held after a twelfth already, in case that it is slow.
 *
 * One that joins while a probe is under way is judged by the next.
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
