/*
 * framing: how positions become frames, each its own or several in one, as the dialect has it.
 *
 * Where the dialect has a `seal`, what is appended to an audience's pending batch stands in an open frame, until that is closed: when
 * the batch is sealed, when the frame is large enough, and before a member takes its place behind what was published so far.
 * So a place is between frames, and no member gets a position a second time since it shares a frame with a new one.
 */
#ifndef SPECTATE_HUB_FRAMING_H
#define SPECTATE_HUB_FRAMING_H

#include "hub/state.h"

#define FRAMING_FRAME_BYTES 16384   /* an open frame with more is closed */
#define FRAMING_POSITION_BYTES 4096 /* the most that a dialect makes of one position */
#define FRAMING_SEALED_BYTES                                                                       \
    (FRAMING_FRAME_BYTES + FRAMING_POSITION_BYTES + HUB_SEAL_BYTES) /* the largest frame */

/* Room for one more position of so many encoded bytes in the pending batch. 0 or ERR_NO_MEMORY. */
int framing_reserve(struct hub *hub, struct audience *audience, size_t bytes);

/* Append an encoded position, for which there is room; nothing if it has no bytes. */
void framing_append(struct hub *hub, struct audience *audience, struct span encoded,
                    uint64_t version);

/*
 * Close the open frame, if there is one. `is_complete`: it holds all that was published for the audience up to now, and so says to its
 * readers where they are.
 */
void framing_close(struct hub *hub, struct audience *audience, bool is_complete);

/* The frame of these elements, at most an open frame's worth. It lies in the hub until the next one. */
struct span framing_seal(struct hub *hub, const struct hub_dialect *dialect,
                         const struct hub_seal *seal, struct span elements);

/* The same behind whole frames that lie in `hub->sealed` already, which with the elements are an open frame's worth: all of it. */
struct span framing_seal_behind(struct hub *hub, const struct hub_dialect *dialect,
                                const struct hub_seal *seal, struct span elements);

#endif
