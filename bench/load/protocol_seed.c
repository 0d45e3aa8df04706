/*
 * protocol_seed: the dialect that the project began with (docs/protocol.md): one text frame with JSON each. That the server
 * has done what it was asked for is known from its answer to a ping behind the question.
 */
#include <inttypes.h>

#include "base/check.h"
#include "bench/load/protocol.h"

static void greet(const struct protocol_wish *wish, struct peer *peer,
                  const struct protocol_sink *sink)
{
    (void)sink;
    struct buf text = {0};
    if (peer->follower != PEER_NOBODY) {
        const uint32_t *set = crowd_set(wish->crowd, peer->follower);
        CHECK(buf_append_text(&text, "{\"initialRequest\":true,\"following\":[") == 0);
        for (uint32_t i = 0; i < wish->crowd->follow; i++)
            CHECK(buf_printf(&text, "%s%" PRIu32, i > 0 ? "," : "", set[i]) == 0);
        CHECK(buf_printf(&text, "],\"userId\":%" PRIu32 "}", peer->follower) == 0);
        peer_send(peer, WS_TEXT, buf_span(&text));
        buf_fini(&text);
    }
    peer_send(peer, WS_PING, span_of(NULL, 0));
}

static void take(struct peer *peer, struct span message, const struct protocol_sink *sink)
{
    sink->position(peer, message);
}

static void publish(struct peer *peer, uint32_t runner, struct span text)
{
    (void)runner;
    peer_send(peer, WS_TEXT, text);
}

const struct protocol protocol_seed = {
    .name = "seed",
    .greet = greet,
    .take = take,
    .publish = publish,
};
