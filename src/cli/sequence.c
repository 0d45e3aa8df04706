#include "cli/sequence.h"

#include "base/hash.h"

static const struct hash_key no_secret = {.k0 = 1, .k1 = 2}; /* nobody attacks our own account */

void sequence_add(struct sequence *sequence, double lat_deg, double lng_deg)
{
    struct {
        uint64_t mix;
        double lat_deg;
        double lng_deg;
    } link = {sequence->mix, lat_deg, lng_deg};
    sequence->mix = hash_bytes(no_secret, &link, sizeof link);
    sequence->count++;
}

bool sequence_equals(struct sequence a, struct sequence b)
{
    return a.count == b.count && a.mix == b.mix;
}
