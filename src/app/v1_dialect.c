#include "app/v1_dialect.h"

#include "codec/ws_frame.h"
#include "codec/ws_probe.h"
#include "proto/sse.h"
#include "proto/v1_live.h"

_Static_assert(V1_SEAL_BYTES <= HUB_SEAL_BYTES && V1_STATUS_BYTES <= HUB_NOTICE_BYTES,
               "the hub makes room for what the dialect writes");

static struct v1_seal seal_of(const struct hub_seal *hub)
{
    return (struct v1_seal){
        .applied = hub->applied,
        .origins = hub->origins,
        .is_snapshot = hub->is_snapshot,
        .superseded = hub->superseded,
    };
}

static int seal_plain(void *context, const struct hub_seal *hub, struct span elements,
                      struct buf *out)
{
    struct v1_seal seal = seal_of(hub);
    (void)context;
    return v1_seal(&seal, elements, out);
}

const struct hub_dialect v1_dialect = {
    .encode = v1_encode_position,
    .encode_newest = v1_encode_newest,
    .write_status = v1_write_status,
    .seal = seal_plain,
    .write_probe = ws_probe_write,
};

static int seal_event(void *context, const struct hub_seal *hub, struct span elements,
                      struct buf *out)
{
    struct v1_seal seal = seal_of(hub);
    (void)context;
    return sse_seal(&seal, elements, out);
}

const struct hub_dialect sse_dialect = {
    .encode = v1_encode_position,
    .encode_newest = v1_encode_newest,
    .write_status = sse_write_status,
    .seal = seal_event,
};

/* What does not get shorter goes out as it is, and so does what there is no memory for. */
static int seal_compressed(void *context, const struct hub_seal *hub, struct span elements,
                           struct buf *out)
{
    struct v1_compressed *it = context;
    struct v1_seal seal = seal_of(hub);
    it->text.len = it->payload.len = 0;
    if (v1_seal_text(&seal, elements, &it->text) < 0 ||
        ws_deflate_compress(it->deflate, buf_span(&it->text), &it->payload) != 1)
        return v1_seal(&seal, elements, out);
    return ws_write_compressed(out, WS_TEXT, buf_span(&it->payload), NULL);
}

void v1_compressed_init(struct v1_compressed *compressed, struct ws_deflate *deflate)
{
    *compressed = (struct v1_compressed){.dialect = v1_dialect, .deflate = deflate};
    compressed->dialect.seal = seal_compressed;
    compressed->dialect.context = compressed;
}

void v1_compressed_fini(struct v1_compressed *compressed)
{
    buf_fini(&compressed->text);
    buf_fini(&compressed->payload);
}
