/*
 * tls: TLS on one connection, without its socket: ciphertext in, plaintext out, and the other way.
 *
 * Happy path: tls_new_server() -> tls_read() ... TLS_READ_SECURED -> tls_read() and tls_write() ... -> tls_say_goodbye() ->
 * tls_free(). Whatever a call of tls_read() gives, tls_answer() may have bytes that are to go to the peer: of the handshake,
 * a key update, an alert. It holds no bytes between calls but those of a record that has not come whole. After a failure
 * there is tls_answer() once more, and nothing else. Touched by the worker's thread alone.
 */
#ifndef SPECTATE_NET_TLS_H
#define SPECTATE_NET_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "base/tls_failure.h"
#include "net/tls_context.h"
#include "net/tls_io.h"

struct tls;

/* Hold the context, borrow `io`. NULL: no memory. */
struct tls *tls_new_server(struct tls_context *context, struct tls_io *io);

/* `host` is the name or address that the server's certificate must have. */
struct tls *tls_new_client(struct tls_context *context, struct tls_io *io, const char *host);

/* From any state. NULL inside is fine. */
void tls_free(struct tls **tls);

enum tls_read {
    TLS_READ_MORE,    /* all was taken, and more is needed */
    TLS_READ_SECURED, /* the handshake is done: once. There may be more: call again */
    TLS_READ_PLAIN,   /* a piece of plaintext. Call again */
    TLS_READ_END,     /* the peer said that no more comes (close_notify) */
    TLS_READ_FAILED,  /* tls_failure(), tls_reason() */
};

/* A piece of plaintext, of 16 KiB at most: in the worker's buffer until tls_read() is called again. May be changed. */
struct tls_piece {
    uint8_t *bytes;
    size_t len;
};

/* Take from `cipher`, which is moved on. `piece` is filled for TLS_READ_PLAIN. */
enum tls_read tls_read(struct tls *tls, struct span *cipher, struct tls_piece *piece);

/* What the last call wants the peer to get, in order; borrowed until any call for a connection of this worker. */
struct span tls_answer(const struct tls *tls);

/*
 * Make one record of the beginning of `spans`; tls_answer() is the record. Returns how many bytes of plaintext are in it, at
 * least 1, at most 16 KiB. Only when secured and not failed, with something in `spans`. ERR_NO_MEMORY: it has failed.
 */
int tls_write(struct tls *tls, const struct span *spans, size_t count);

/* Say that no more comes; tls_answer() is the alert, the first time and when there is somebody to say it to, else nothing. */
void tls_say_goodbye(struct tls *tls);

bool tls_is_secured(const struct tls *tls);

/* The handshake was a short one, by a ticket. */
bool tls_was_resumed(const struct tls *tls);

/* After TLS_READ_FAILED. The reason is for a person, in printable ASCII; borrowed until any call for a connection of this worker. */
enum tls_failure tls_failure(const struct tls *tls);
const char *tls_reason(const struct tls *tls);

/*
 * The name in the peer's certificate, which was verified (net/tls_certificate.h). Owned by the caller (mem_free). NULL: it showed
 * none, or one without a name that can be used.
 */
char *tls_peer_name(const struct tls *tls);

/* When that certificate runs out, UTC in seconds since 1970; 0: it showed none. */
int64_t tls_peer_expires_s(const struct tls *tls);

/*
 * Would that certificate be trusted by this context, too? One that came by a ticket came without those between it and an
 * authority: where the authorities are others, it is not when it needs any.
 */
bool tls_peer_is_trusted_by(const struct tls *tls, const struct tls_context *context);

/* For tests, which play peers that do what ours never would. */
SSL *tls_ssl(const struct tls *tls);

#endif
