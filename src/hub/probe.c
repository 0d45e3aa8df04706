#include "hub/probe.h"

#include "hub/slow.h"

/* 16 kbit/s: the slowest link on which a calm stream needs no answers. */
#define LINK_BYTES_PER_MS 2
#define LINK_LAG_MAX_MS 600000 /* far below where 32 bits wrap */

/* On a link that is slower still: 1 KiB, and so much for each 5 s of the bound. */
#define PROBE_KIB 31
#define PROBE_KIB_BOUND_MS 5000
#define PROBE_KIB_MAX 32768 /* 16 bits do not wrap before */

static uint16_t stream_kib(const struct audience *audience)
{
    return (uint16_t)((audience->stream_bytes + audience->pending->bytes) / 1024);
}

/* How far such a link may be behind: 2 of 5 seconds, so that there is time left to notice. */
static uint32_t link_lag_ms(const struct hub *hub)
{
    uint64_t lag_ms = hub->options.fresh_ms * 2 / 5;
    return lag_ms < LINK_LAG_MAX_MS ? (uint32_t)lag_ms : LINK_LAG_MAX_MS;
}

/* The link carries what is pending behind what it has not carried yet. */
static void carry(struct audience *audience, uint32_t most_ms, uint32_t now_ms)
{
    bool is_idle = (int32_t)(audience->carried_ms - now_ms) < 0;
    uint64_t takes_ms = audience->pending->bytes / LINK_BYTES_PER_MS;
    audience->carried_ms = (is_idle ? now_ms : audience->carried_ms) +
                           (takes_ms < most_ms ? (uint32_t)takes_ms : most_ms);
    if (audience->carried_ms - now_ms > most_ms)
        audience->carried_ms = now_ms + most_ms;
}

static uint32_t kib_since(const struct audience *audience)
{
    return (uint16_t)(stream_kib(audience) - audience->probed_kib);
}

static uint32_t kib_per_probe(const struct hub *hub)
{
    uint64_t kib = 1 + hub->options.fresh_ms * PROBE_KIB / PROBE_KIB_BOUND_MS;
    return kib < PROBE_KIB_MAX ? (uint32_t)kib : PROBE_KIB_MAX;
}

/* Since the last probe more has gone than such a link carries in time. */
static bool is_fast(const struct hub *hub, const struct audience *audience, uint32_t now_ms)
{
    return audience->carried_ms - now_ms >= link_lag_ms(hub);
}

static bool is_due(const struct hub *hub, const struct audience *audience, uint32_t now_ms)
{
    return is_fast(hub, audience, now_ms) || kib_since(audience) >= kib_per_probe(hub);
}

/* Without memory for it, the next batch gets it. */
static void put(struct audience *audience, uint32_t now_ms)
{
    uint8_t bytes[HUB_PROBE_BYTES];
    if (batch_reserve(&audience->pending, sizeof bytes) < 0)
        return;
    audience->probe = audience->probe < UINT8_MAX ? audience->probe + 1 : 1;
    size_t len = audience->speech->dialect->write_probe(audience->probe, bytes);
    batch_extend(audience->pending, span_of(bytes, len));
    audience->wait = AUDIENCE_WAITS_FOR_ALL;
    audience->probed_ms = now_ms;
    audience->carried_ms = now_ms;
    audience->probed_kib = stream_kib(audience);
}

static uint32_t waited_ms(const struct audience *audience, uint64_t now_ms)
{
    return (uint32_t)now_ms - audience->probed_ms;
}

static void suspect_late(struct hub *hub, struct audience *audience, bool is_for_new,
                         uint64_t now_ms)
{
    bool is_late = slow_is_late(hub, waited_ms(audience, now_ms));
    uint32_t later_bytes = (kib_since(audience) + 1) * 1024;
    for (uint32_t i = 0; i < audience->member_count; i++) {
        struct follower *member = audience_member(audience, i);
        bool is_new = member->answers == FOLLOWER_IS_UNKNOWN;
        if (member->heard == audience->probe || (is_for_new && !is_new))
            continue;
        if (is_late)
            slow_suspect(hub, member, now_ms);
        else
            slow_doubt(hub, member, later_bytes, now_ms);
    }
}

/*
 * An answer is missed sooner where much of the stream follows the probe; and the first one of
 * somebody: until then all that is known of its speed is the size of the buffers.
 */
static void judge(struct hub *hub, struct audience *audience, uint64_t now_ms)
{
    uint32_t waited = waited_ms(audience, now_ms);
    bool is_soon = is_fast(hub, audience, (uint32_t)now_ms);
    if (slow_is_late(hub, waited) || (is_soon && slow_is_late(hub, waited * 3))) {
        audience->wait = AUDIENCE_WAITS_FOR_NONE;
        suspect_late(hub, audience, false, now_ms);
    } else if (audience->wait == AUDIENCE_WAITS_FOR_ALL && slow_is_late(hub, waited * 2)) {
        audience->wait = AUDIENCE_WAITS_FOR_KNOWN;
        suspect_late(hub, audience, true, now_ms);
    }
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
    carry(audience, link_lag_ms(hub), (uint32_t)now_ms);
    if (audience->wait != AUDIENCE_WAITS_FOR_NONE)
        judge(hub, audience, now_ms);
    if (audience->wait == AUDIENCE_WAITS_FOR_NONE && is_due(hub, audience, (uint32_t)now_ms))
        put(audience, (uint32_t)now_ms);
}
