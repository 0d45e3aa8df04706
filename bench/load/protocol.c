#include "bench/load/protocol.h"

#include "base/check.h"

static const struct protocol *const protocols[] = {
    &protocol_seed,
    &protocol_nchan,
    &protocol_mqtt,
    &protocol_nats,
};

const struct protocol *protocol_find(const char *name)
{
    for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++)
        if (strcmp(protocols[i]->name, name) == 0)
            return protocols[i];
    return NULL;
}

/* Returns how many bytes were whole commands. */
static size_t take_whole(struct peer *peer, struct span bytes, const struct protocol_sink *sink,
                         protocol_take_one_fn *take_one)
{
    size_t at = 0;
    size_t len = 1;
    while (len > 0 && at < bytes.len && peer->state == PEER_OPEN) {
        len = take_one(peer, span_of(bytes.data + at, bytes.len - at), sink);
        at += len;
    }
    return at;
}

void protocol_take_stream(struct peer *peer, struct span message, const struct protocol_sink *sink,
                          protocol_take_one_fn *take_one)
{
    bool is_new = peer->in.len == 0;
    if (!is_new) {
        CHECK(buf_append(&peer->in, message) == 0);
        message = buf_span(&peer->in);
    }
    size_t taken = take_whole(peer, message, sink, take_one);
    if (peer->state != PEER_OPEN)
        return;
    if (!is_new)
        buf_consume(&peer->in, taken);
    else if (taken < message.len)
        CHECK(buf_append(&peer->in, span_of(message.data + taken, message.len - taken)) == 0);
}
