#include "hub/framing.h"

#include "base/check.h"

int framing_reserve(struct hub *hub, struct audience *audience, size_t bytes)
{
    CHECK(bytes <= FRAMING_POSITION_BYTES);
    if (audience->speech->dialect->seal != NULL)
        bytes += HUB_SEAL_BYTES;
    return audience_reserve(audience, bytes, &hub->stats.queued_bytes);
}

struct span framing_seal_behind(struct hub *hub, const struct hub_dialect *dialect,
                                const struct hub_seal *seal, struct span elements)
{
    size_t before = hub->sealed.len;
    CHECK(dialect->seal(dialect->context, seal, elements, &hub->sealed) == 0);
    CHECK(hub->sealed.len <= before + elements.len + HUB_SEAL_BYTES);
    return buf_span(&hub->sealed);
}

struct span framing_seal(struct hub *hub, const struct hub_dialect *dialect,
                         const struct hub_seal *seal, struct span elements)
{
    hub->sealed.len = 0;
    return framing_seal_behind(hub, dialect, seal, elements);
}

void framing_close(struct hub *hub, struct audience *audience, bool is_complete)
{
    struct batch *pending = audience->pending;
    struct span elements = pending != NULL ? batch_elements(pending) : span_of(NULL, 0);
    if (elements.len == 0)
        return;
    struct hub_seal seal = {.applied = is_complete ? hub->applied : NULL, .origins = hub->origins};
    batch_close_frame(pending, framing_seal(hub, audience->speech->dialect, &seal, elements));
}

void framing_append(struct hub *hub, struct audience *audience, struct span encoded,
                    uint64_t version)
{
    if (encoded.len == 0)
        return;
    audience_append(audience, encoded, version);
    bool is_at_once = audience->speech->pace_ms == 0;
    if (batch_elements(audience->pending).len > FRAMING_FRAME_BYTES)
        framing_close(hub, audience, is_at_once);
}
