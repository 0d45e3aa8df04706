/*
 * protocol_nats: the NATS client protocol over WebSockets: lines of text, with subjects pos.ID. Frames cut it anywhere.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/check.h"
#include "bench/load/protocol.h"

static void send_text(struct peer *peer, struct buf *text)
{
    peer_send(peer, WS_BINARY, buf_span(text));
    buf_fini(text);
}

static void greet(const struct protocol_wish *wish, struct peer *peer,
                  const struct protocol_sink *sink)
{
    (void)sink;
    struct buf text = {0};
    CHECK(buf_append_text(&text,
                          "CONNECT {\"verbose\":false,\"pedantic\":false,\"echo\":true}\r\n") == 0);
    if (peer->follower != PEER_NOBODY && wish->wildcard)
        CHECK(buf_append_text(&text, "SUB pos.* 1\r\n") == 0);
    else if (peer->follower != PEER_NOBODY)
        for (uint32_t i = 0; i < wish->crowd->follow; i++)
            CHECK(buf_printf(&text, "SUB pos.%" PRIu32 " %" PRIu32 "\r\n",
                             crowd_set(wish->crowd, peer->follower)[i], i + 1) == 0);
    CHECK(buf_append_text(&text, "PING\r\n") == 0);
    send_text(peer, &text);
}

static bool begins_with(struct span line, const char *word)
{
    size_t len = strlen(word);
    return line.len >= len && memcmp(line.data, word, len) == 0;
}

/* The last word of MSG <subject> <sid> [reply-to] <#bytes>. */
static size_t payload_bytes(struct span line)
{
    size_t at = line.len;
    size_t bytes = 0;
    while (at > 0 && line.data[at - 1] >= '0' && line.data[at - 1] <= '9')
        at--;
    for (; at < line.len; at++)
        bytes = 10 * bytes + (size_t)(line.data[at] - '0');
    return bytes;
}

static void take_line(struct peer *peer, struct span line, const struct protocol_sink *sink)
{
    if (begins_with(line, "PONG") && !peer->is_ready)
        sink->ready(peer);
    else if (begins_with(line, "PING"))
        peer_send(peer, WS_BINARY, span_of_text("PONG\r\n"));
}

static size_t take_one(struct peer *peer, struct span bytes, const struct protocol_sink *sink)
{
    const uint8_t *end = memchr(bytes.data, '\n', bytes.len);
    if (end == NULL || end == bytes.data)
        return end == NULL ? 0 : 1;
    size_t head = (size_t)(end - bytes.data) + 1;
    struct span line = span_of(bytes.data, head - 2);
    if (!begins_with(line, "MSG ")) {
        take_line(peer, line, sink);
        return head;
    }
    size_t payload = payload_bytes(line);
    if (bytes.len - head < payload + 2)
        return 0;
    sink->position(peer, span_of(bytes.data + head, payload));
    return head + payload + 2;
}

static void take(struct peer *peer, struct span message, const struct protocol_sink *sink)
{
    protocol_take_stream(peer, message, sink, take_one);
}

static void publish(struct peer *peer, uint32_t runner, struct span text)
{
    struct buf command = {0};
    CHECK(buf_printf(&command, "PUB pos.%" PRIu32 " %zu\r\n", runner, text.len) == 0);
    CHECK(buf_append(&command, text) == 0);
    CHECK(buf_append_text(&command, "\r\n") == 0);
    send_text(peer, &command);
}

const struct protocol protocol_nats = {
    .name = "nats",
    .greet = greet,
    .take = take,
    .publish = publish,
};
