/*
 * tls_pair: a server and a client that speak TLS through memory, with what each was told.
 *
 *   tls_pair_open(&pair, server_context, client_context, "localhost");
 *   tls_pair_run(&pair, 1); // byte by byte, until nothing moves
 *   tls_end_write(&pair.server, "hello");
 */
#ifndef SPECTATE_TESTS_LIB_TLS_PAIR_H
#define SPECTATE_TESTS_LIB_TLS_PAIR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "net/tls.h"

struct tls_end {
    struct tls_io *io;
    struct tls *tls;
    struct tls_end *other;
    struct buf inbox; /* ciphertext on its way here */
    struct buf got;   /* plaintext */
    int secured;
    int pieces;
    bool has_ended;
    bool has_failed;
    enum tls_failure failure;
    char reason[TLS_REASON_BYTES];
};

struct tls_pair {
    struct tls_end server;
    struct tls_end client;
};

void tls_pair_open(struct tls_pair *pair, struct tls_context *server, struct tls_context *client,
                   const char *host);
void tls_pair_close(struct tls_pair *pair);

/* Give each end what is on its way to it, `step` bytes at a time (0: all at once), until nothing moves. */
void tls_pair_run(struct tls_pair *pair, size_t step);

/* Give it the first `bytes` of what is on its way. */
void tls_end_take(struct tls_end *end, size_t bytes);

/* As one record; and a record of any bytes. */
void tls_end_write(struct tls_end *end, const char *text);
size_t tls_end_write_bytes(struct tls_end *end, const void *bytes, size_t len);

/* What the last call wants the peer to get is sent. */
void tls_end_answer(struct tls_end *end);

bool tls_end_has(const struct tls_end *end, const char *text);

#endif
