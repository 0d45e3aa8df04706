/*
 * protocol: how runners and followers speak to a server, as one table of functions for each kind of server.
 *
 * All carry the same text, a position as JSON (bench/load/stamp.h), over a WebSocket; they differ in how one asks for
 * runners and in what is around the text.
 */
#ifndef SPECTATE_BENCH_LOAD_PROTOCOL_H
#define SPECTATE_BENCH_LOAD_PROTOCOL_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/span.h"
#include "bench/load/crowd.h"
#include "bench/load/peer.h"

/* What a message brought: functions that protocols call. */
struct protocol_sink {
    void (*ready)(struct peer *peer); /* the server has done what the greeting asked for */
    void (*position)(struct peer *peer, struct span text); /* a delivery */
};

struct protocol_wish {
    const struct crowd *crowd;
    const struct peer *peer;
    bool wildcard; /* everything in one word */
};

struct protocol {
    const char *name;
    const char *subprotocol; /* NULL: none */

    /* Append the path to connect to. NULL: "/". */
    void (*path)(const struct protocol_wish *wish, struct buf *path);

    /* The connection is open: log in, ask for the runners, and for a sign that it is done. */
    void (*greet)(const struct protocol_wish *wish, struct peer *peer,
                  const struct protocol_sink *sink);

    /* A message came. */
    void (*take)(struct peer *peer, struct span message, const struct protocol_sink *sink);

    void (*publish)(struct peer *peer, uint32_t runner, struct span text);
};

/* NULL when there is none of this name. */
const struct protocol *protocol_find(const char *name);

extern const struct protocol protocol_seed;
extern const struct protocol protocol_nchan;
extern const struct protocol protocol_mqtt;
extern const struct protocol protocol_nats;

/*
 * For protocols that are a stream of commands in messages, which may be cut anywhere: `take_one` takes a command off the
 * front and returns how long it was, 0 when it is not there whole.
 */
typedef size_t protocol_take_one_fn(struct peer *peer, struct span bytes,
                                    const struct protocol_sink *sink);
void protocol_take_stream(struct peer *peer, struct span message, const struct protocol_sink *sink,
                          protocol_take_one_fn *take_one);

#endif
