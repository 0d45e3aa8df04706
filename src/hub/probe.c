#include "hub/probe.h"

#include "hub/slow.h"

#define KIB_PER_PROBE 4
#define CALMEST 3 /* so many times twice that, while nobody is late and nobody new came */

static uint16_t stream_kib(const struct audience *audience)
{
    return (uint16_t)((audience->stream_bytes + audience->pending->bytes) / 1024);
}

static bool is_due(const struct audience *audience)
{
    return !audience->is_probing && (uint16_t)(stream_kib(audience) - audience->probed_kib) >=
                                        KIB_PER_PROBE << audience->calm;
}

/* Without memory for it, the next batch gets it. */
static void put(struct audience *audience, uint64_t now_ms)
{
    uint8_t bytes[HUB_PROBE_BYTES];
    if (batch_reserve(&audience->pending, sizeof bytes) < 0)
        return;
    audience->probe = audience->probe < UINT8_MAX ? audience->probe + 1 : 1;
    size_t len = audience->speech->dialect->write_probe(audience->probe, bytes);
    batch_extend(audience->pending, span_of(bytes, len));
    audience->is_probing = true;
    audience->probed_ms = (uint32_t)now_ms;
    audience->probed_kib = stream_kib(audience);
}

static void judge(struct hub *hub, struct audience *audience, uint64_t now_ms)
{
    bool is_calm = true;
    audience->is_probing = false;
    for (uint32_t i = 0; i < audience->member_count; i++) {
        struct follower *member = audience_member(audience, i);
        if (member->heard == audience->probe)
            continue;
        slow_suspect(hub, member, now_ms);
        is_calm = false;
    }
    if (!is_calm)
        audience->calm = 0;
    else if (audience->calm < CALMEST)
        audience->calm++;
}

bool probe_hear(struct follower *follower, uint32_t probe)
{
    uint8_t last = follower->audience->probe;
    if (probe != last || follower->heard == last)
        return false;
    follower->heard = last;
    return true;
}

void probe_turn(struct hub *hub, struct audience *audience, uint64_t now_ms)
{
    if (!slow_is_bounded(hub, audience->speech->dialect))
        return;
    if (audience->is_probing && slow_is_late(hub, (uint32_t)now_ms - audience->probed_ms))
        judge(hub, audience, now_ms);
    if (is_due(audience))
        put(audience, now_ms);
}
