/*
 * catchup: which runners of a set were served up to which version, while a follower catches up.
 *
 * A follower that fell behind needs one number, its cursor. Once it drains in several goes, the runners served in the last go
 * are further on than the others: the set's indexes fall into a few stretches, each served up to one version. Going round
 * the set, and not by version, is what keeps a runner that is renewed all the time from being put off for ever.
 */
#ifndef SPECTATE_HUB_CATCHUP_H
#define SPECTATE_HUB_CATCHUP_H

#include <stddef.h>
#include <stdint.h>

struct stretch {
    uint32_t end; /* one behind its last index; it begins where the one before it ends */
    uint64_t served;
};

struct catchup {
    uint32_t at;    /* the index to go on with */
    uint32_t count; /* of stretches; the last ends at the set's size */
    struct stretch stretches[];
};

/* All `size` indexes served up to `version`. NULL without memory. */
struct catchup *catchup_new(uint32_t size, uint64_t version);

/* An empty one to be filled with catchup_push(), with room for `capacity` stretches. */
struct catchup *catchup_new_empty(uint32_t capacity);

/* The next index behind the last stretch is served up to `version`. */
void catchup_push(struct catchup *catchup, uint64_t version);

/* Indexes from `begin` to before `end` are served up to `version` now. 0; ERR_NO_MEMORY: as it was. */
int catchup_serve(struct catchup **catchup, uint32_t begin, uint32_t end, uint64_t version);

/* Up to which version an index was served. */
uint64_t catchup_served(const struct catchup *catchup, uint32_t index);

#endif
