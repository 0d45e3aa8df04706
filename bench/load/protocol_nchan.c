/*
 * protocol_nchan: nginx with nchan: whom one follows or publishes for is said in the path, and then it is plain text frames.
 *
 *   /pub/7  /sub/1,2,3  /both/7/1,2,3  and for the whole race /pub-all, /sub-all
 *
 * It subscribes before it answers the handshake. To what is published it answers with the state of the channel.
 */
#include <inttypes.h>

#include "base/check.h"
#include "bench/load/protocol.h"

static void append_set(const struct protocol_wish *wish, struct buf *path)
{
    const uint32_t *set = crowd_set(wish->crowd, wish->peer->follower);
    for (uint32_t i = 0; i < wish->crowd->follow; i++)
        CHECK(buf_printf(path, "%s%" PRIu32, i > 0 ? "," : "", set[i]) == 0);
}

static void path(const struct protocol_wish *wish, struct buf *path)
{
    bool follows = wish->peer->follower != PEER_NOBODY;
    bool publishes = wish->peer->runner != PEER_NOBODY;
    if (wish->wildcard) {
        CHECK(buf_append_text(path, follows ? "/sub-all" : "/pub-all") == 0);
        return;
    }
    CHECK(buf_append_text(path, !follows ? "/pub/" : publishes ? "/both/" : "/sub/") == 0);
    if (publishes)
        CHECK(buf_printf(path, "%" PRIu32 "%s", wish->peer->runner, follows ? "/" : "") == 0);
    if (follows)
        append_set(wish, path);
}

static void greet(const struct protocol_wish *wish, struct peer *peer,
                  const struct protocol_sink *sink)
{
    (void)wish;
    sink->ready(peer);
}

static void take(struct peer *peer, struct span message, const struct protocol_sink *sink)
{
    static const char state[] = "queued messages";
    bool is_answer =
        message.len > sizeof state && memcmp(message.data, state, sizeof state - 1) == 0;
    if (!is_answer)
        sink->position(peer, message);
}

static void publish(struct peer *peer, uint32_t runner, struct span text)
{
    (void)runner;
    peer_send(peer, WS_TEXT, text);
}

const struct protocol protocol_nchan = {
    .name = "nchan",
    .path = path,
    .greet = greet,
    .take = take,
    .publish = publish,
};
