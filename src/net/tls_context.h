/*
 * tls_context: what all TLS connections of a side have in common: certificate, key, whom to trust, what may be spoken.
 *
 * TLS 1.2 and 1.3, forward secret AEAD ciphers, X25519, P-256 and P-384; ALPN http/1.1, and a client that offers only other
 * protocols is refused (RFC 7301 3.2). No renegotiation, no compression, no early data. Made once and then read-only: any
 * thread. New files make a new context; connections keep the one they began with.
 */
#ifndef SPECTATE_NET_TLS_CONTEXT_H
#define SPECTATE_NET_TLS_CONTEXT_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "net/tls_tickets.h"

#define TLS_CONTEXT_ERROR_BYTES 512

struct tls_context;

struct tls_server_options {
    const char *cert_file;      /* PEM: the certificate, then the chain up to a root */
    const char *key_file;       /* PEM, without a passphrase */
    const char *client_ca_file; /* PEM; NULL: clients are not asked for a certificate */
    struct tls_tickets *tickets;
    uint64_t records_per_key; /* of TLS 1.3, then the key is updated; 0: 2^24 (RFC 8446 5.5) */
};

/* With one hold, the caller's; holds the tickets. NULL: `error` says which file is wrong, and how. Reads files: not in a worker. */
struct tls_context *tls_context_new_server(const struct tls_server_options *options,
                                           char error[TLS_CONTEXT_ERROR_BYTES]);

/* The server's certificate must lead to one in `ca_file`; NULL: in the system's store. As above. */
struct tls_context *tls_context_new_client(const char *ca_file,
                                           char error[TLS_CONTEXT_ERROR_BYTES]);

struct tls_context *tls_context_hold(struct tls_context *context);

/* NULL inside is fine; nulls the caller's pointer. */
void tls_context_drop(struct tls_context **context);

/* When the first certificate of the chain runs out, in seconds since 1970-01-01 UTC; 0 for a client's. */
int64_t tls_context_expires_s(const struct tls_context *context);

/* For net/tls.c. Would the peer of `ssl`, verified by the context `verified`, be trusted by this one? */
bool tls_context_trusts_peer(const struct tls_context *context, const struct tls_context *verified,
                             const SSL *ssl);
SSL_CTX *tls_context_ssl(const struct tls_context *context);
uint64_t tls_context_records_per_key(const struct tls_context *context);

#endif
