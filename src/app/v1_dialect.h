/*
 * v1_dialect: spectate.v1 as the hub wants a dialect: plain, compressed by permessage-deflate, and as server-sent events.
 *
 * All are the same text. Sessions that agreed on compression have audiences of their own, by which a frame is compressed once, and
 * goes out as it is to all of them.
 */
#ifndef SPECTATE_APP_V1_DIALECT_H
#define SPECTATE_APP_V1_DIALECT_H

#include "base/buf.h"
#include "codec/ws_deflate.h"
#include "hub/hub.h"

extern const struct hub_dialect v1_dialect;

/* The same messages as server-sent events; nobody answers a probe there. */
extern const struct hub_dialect sse_dialect;

/*
 * The compressed one of a worker: `dialect` is what its followers speak, and stays where it is as long as there is one. The window of
 * their clients must be the whole 32 KiB (ws_extension_fits()).
 */
struct v1_compressed {
    struct hub_dialect dialect;
    struct ws_deflate *deflate; /* borrowed */
    struct buf text;            /* scratch */
    struct buf payload;         /* scratch */
};
void v1_compressed_init(struct v1_compressed *compressed, struct ws_deflate *deflate);
void v1_compressed_fini(struct v1_compressed *compressed);

#endif
