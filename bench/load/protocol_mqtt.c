/*
 * protocol_mqtt: MQTT 3.1.1 (OASIS standard, 2014) over WebSockets, as a browser would: topics pos/ID, quality of service 0.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/check.h"
#include "bench/load/protocol.h"

/* Section 2.2.1, in the upper four bits; below them the flags that are prescribed. */
enum { CONNECT = 0x10, CONNACK = 0x20, PUBLISH = 0x30, SUBSCRIBE = 0x82, SUBACK = 0x90 };

static void append_number(struct buf *buf, size_t number)
{
    uint8_t bytes[2] = {(uint8_t)(number >> 8), (uint8_t)number};
    CHECK(buf_append(buf, span_of(bytes, sizeof bytes)) == 0);
}

static void append_string(struct buf *buf, const char *text)
{
    append_number(buf, strlen(text));
    CHECK(buf_append_text(buf, text) == 0);
}

/* Section 2.2.3: seven bits a byte, the least first. */
static void append_length(struct buf *buf, size_t length)
{
    do {
        uint8_t byte = (uint8_t)(length & 0x7f);
        length >>= 7;
        byte |= length > 0 ? 0x80 : 0;
        CHECK(buf_append(buf, span_of(&byte, 1)) == 0);
    } while (length > 0);
}

static void send_packet(struct peer *peer, uint8_t type, const struct buf *body)
{
    struct buf packet = {0};
    CHECK(buf_append(&packet, span_of(&type, 1)) == 0);
    append_length(&packet, body->len);
    CHECK(buf_append(&packet, buf_span(body)) == 0);
    peer_send(peer, WS_BINARY, buf_span(&packet));
    buf_fini(&packet);
}

static void send_connect(struct peer *peer)
{
    static const uint8_t level_and_clean_session[] = {4, 0x02};
    char name[32];
    struct buf body = {0};
    snprintf(name, sizeof name, "%c%" PRIu32, peer->follower == PEER_NOBODY ? 'r' : 'f',
             peer->follower == PEER_NOBODY ? peer->runner : peer->follower);
    append_string(&body, "MQTT");
    CHECK(buf_append(&body, span_of(level_and_clean_session, 2)) == 0);
    append_number(&body, 0); /* no keep-alive */
    append_string(&body, name);
    send_packet(peer, CONNECT, &body);
    buf_fini(&body);
}

static void append_filter(struct buf *body, const char *filter)
{
    static const uint8_t quality = 0;
    append_string(body, filter);
    CHECK(buf_append(body, span_of(&quality, 1)) == 0);
}

static void send_subscribe(const struct protocol_wish *wish, struct peer *peer)
{
    struct buf body = {0};
    const uint32_t *set = crowd_set(wish->crowd, peer->follower);
    append_number(&body, 1);
    if (wish->wildcard)
        append_filter(&body, "pos/+");
    for (uint32_t i = 0; i < wish->crowd->follow && !wish->wildcard; i++) {
        char filter[32];
        snprintf(filter, sizeof filter, "pos/%" PRIu32, set[i]);
        append_filter(&body, filter);
    }
    send_packet(peer, SUBSCRIBE, &body);
    buf_fini(&body);
}

static void greet(const struct protocol_wish *wish, struct peer *peer,
                  const struct protocol_sink *sink)
{
    (void)sink;
    send_connect(peer);
    if (peer->follower != PEER_NOBODY)
        send_subscribe(wish, peer);
}

static void take_packet(struct peer *peer, uint8_t type, struct span body,
                        const struct protocol_sink *sink)
{
    uint8_t done = peer->follower == PEER_NOBODY ? CONNACK : SUBACK;
    if (type == done)
        sink->ready(peer);
    if ((type & 0xf0) != PUBLISH || body.len < 2)
        return;
    size_t topic = ((size_t)body.data[0] << 8 | body.data[1]) + 2;
    if (topic <= body.len)
        sink->position(peer, span_of(body.data + topic, body.len - topic));
}

static size_t take_one(struct peer *peer, struct span bytes, const struct protocol_sink *sink)
{
    size_t length = 0;
    size_t at = 1;
    uint8_t byte;
    do {
        if (at >= bytes.len || at > 4)
            return 0;
        byte = bytes.data[at];
        length |= (size_t)(byte & 0x7f) << (7 * (at - 1));
        at++;
    } while ((byte & 0x80) != 0);
    if (bytes.len - at < length)
        return 0;
    take_packet(peer, bytes.data[0], span_of(bytes.data + at, length), sink);
    return at + length;
}

static void take(struct peer *peer, struct span message, const struct protocol_sink *sink)
{
    protocol_take_stream(peer, message, sink, take_one);
}

static void publish(struct peer *peer, uint32_t runner, struct span text)
{
    char topic[32];
    struct buf body = {0};
    snprintf(topic, sizeof topic, "pos/%" PRIu32, runner);
    append_string(&body, topic);
    CHECK(buf_append(&body, text) == 0);
    send_packet(peer, PUBLISH, &body);
    buf_fini(&body);
}

const struct protocol protocol_mqtt = {
    .name = "mqtt",
    .subprotocol = "mqtt",
    .greet = greet,
    .take = take,
    .publish = publish,
};
