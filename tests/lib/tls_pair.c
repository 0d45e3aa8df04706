#include "tests/lib/tls_pair.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"

static void open_end(struct tls_end *end, struct tls_end *other)
{
    *end = (struct tls_end){.io = tls_io_new(), .other = other};
}

void tls_pair_open(struct tls_pair *pair, struct tls_context *server, struct tls_context *client,
                   const char *host)
{
    open_end(&pair->server, &pair->client);
    open_end(&pair->client, &pair->server);
    pair->server.tls = tls_new_server(server, pair->server.io);
    pair->client.tls = tls_new_client(client, pair->client.io, host);
    CHECK(pair->server.tls != NULL && pair->client.tls != NULL);
}

static void close_end(struct tls_end *end)
{
    tls_free(&end->tls);
    tls_io_free(&end->io);
    buf_fini(&end->inbox);
    buf_fini(&end->got);
}

void tls_pair_close(struct tls_pair *pair)
{
    close_end(&pair->server);
    close_end(&pair->client);
}

void tls_end_answer(struct tls_end *end)
{
    CHECK(buf_append(&end->other->inbox, tls_answer(end->tls)) == 0);
}

static void note_failure(struct tls_end *end)
{
    end->has_failed = true;
    end->failure = tls_failure(end->tls);
    snprintf(end->reason, sizeof end->reason, "%s", tls_reason(end->tls));
}

static enum tls_read read_once(struct tls_end *end, struct span *cipher)
{
    struct tls_piece piece;
    enum tls_read result = tls_read(end->tls, cipher, &piece);
    tls_end_answer(end);
    end->secured += result == TLS_READ_SECURED;
    end->pieces += result == TLS_READ_PLAIN;
    end->has_ended |= result == TLS_READ_END;
    if (result == TLS_READ_PLAIN)
        CHECK(buf_append(&end->got, span_of(piece.bytes, piece.len)) == 0);
    if (result == TLS_READ_FAILED)
        note_failure(end);
    return result;
}

void tls_end_take(struct tls_end *end, size_t bytes)
{
    struct span cipher = span_of(end->inbox.data, bytes);
    CHECK(bytes <= end->inbox.len);
    while (!end->has_failed && !end->has_ended)
        if (read_once(end, &cipher) == TLS_READ_MORE)
            break;
    buf_consume(&end->inbox, bytes);
}

static bool step_end(struct tls_end *end, size_t step)
{
    size_t len = end->inbox.len;
    bool moves = end->tls != NULL && len > 0;
    if (moves)
        tls_end_take(end, step > 0 && step < len ? step : len);
    return moves;
}

void tls_pair_run(struct tls_pair *pair, size_t step)
{
    if (!pair->client.has_failed && !tls_is_secured(pair->client.tls))
        tls_end_take(&pair->client, 0);
    for (bool moves = true; moves;) {
        moves = step_end(&pair->server, step);
        moves |= step_end(&pair->client, step);
    }
}

size_t tls_end_write_bytes(struct tls_end *end, const void *bytes, size_t len)
{
    struct span span = span_of(bytes, len);
    int taken = tls_write(end->tls, &span, 1);
    CHECK(taken > 0);
    tls_end_answer(end);
    return (size_t)taken;
}

void tls_end_write(struct tls_end *end, const char *text)
{
    CHECK(tls_end_write_bytes(end, text, strlen(text)) == strlen(text));
}

bool tls_end_has(const struct tls_end *end, const char *text)
{
    return span_equals(buf_span(&end->got), span_of_text(text));
}
