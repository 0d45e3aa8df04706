/*
 * tls_io: what the TLS connections of one worker share: the way in and out of OpenSSL, and buffers.
 *
 * OpenSSL reads and writes through one BIO object, whose two ends are set for each call: it reads from bytes that somebody
 * lent, and appends what it writes. So a connection has no BIO and no buffer of its own (docs/decisions/0010). Touched by its
 * worker's thread alone; used by net/tls.c alone.
 */
#ifndef SPECTATE_NET_TLS_IO_H
#define SPECTATE_NET_TLS_IO_H

#include <openssl/bio.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

#define TLS_RECORD_BYTES 16384 /* of plaintext, at most (RFC 8446 5.1) */
#define TLS_REASON_BYTES 160

struct tls_io {
    BIO *bio; /* one hold */
    BIO_METHOD *method;
    struct span in;                  /* borrowed for the call; what is not read yet */
    struct buf out;                  /* what was written in this call */
    uint8_t plain[TLS_RECORD_BYTES]; /* what was read last */
    uint8_t gather[TLS_RECORD_BYTES];
    char reason[TLS_REASON_BYTES]; /* of the last failure */
};

/* Owned by the caller; aborts without memory. */
struct tls_io *tls_io_new(void);

/* Once its connections are gone. NULL inside is fine. */
void tls_io_free(struct tls_io **io);

/* Before a call of OpenSSL: what it may read; nothing is written yet. */
void tls_io_begin(struct tls_io *io, struct span in);

#endif
