/*
 * tls_tickets: the keys that session tickets (RFC 5077, RFC 8446 4.6.1) are sealed with, so that who comes back is spared a full
 * handshake.
 *
 * They are drawn at random, live in memory only, and are apart from the certificate: contexts made from new files go on with
 * the same ones, so a reload does not make everybody shake hands anew. Each seals for an hour and opens for two hours more,
 * which is as long as a ticket is good for. Shared by all workers; any thread.
 */
#ifndef SPECTATE_NET_TLS_TICKETS_H
#define SPECTATE_NET_TLS_TICKETS_H

#include <openssl/types.h>
#include <stdint.h>

#define TLS_TICKET_LIFE_S (2 * 60 * 60)
#define TLS_TICKET_NAME_BYTES 16

struct tls_tickets;

struct tls_ticket_key {
    uint8_t name[TLS_TICKET_NAME_BYTES]; /* in the ticket, in the clear */
    uint8_t cipher_key[32];              /* AES-256-CBC */
    uint8_t mac_key[32];                 /* HMAC-SHA-256 */
};

/* With one hold, the caller's. */
struct tls_tickets *tls_tickets_new(void);
struct tls_tickets *tls_tickets_hold(struct tls_tickets *tickets);
void tls_tickets_drop(struct tls_tickets **tickets);

/* The key to seal with. `now_ms` is monotonic. 0, or ERR_SYSTEM: the system gives no random numbers. */
int tls_tickets_seal(struct tls_tickets *tickets, uint64_t now_ms, struct tls_ticket_key *key);

/* The key of this name. 0; 1: it seals no more, the peer is due a new ticket; ERR_NOT_FOUND: unknown, or opens no more. */
int tls_tickets_open(struct tls_tickets *tickets, uint64_t now_ms,
                     const uint8_t name[TLS_TICKET_NAME_BYTES], struct tls_ticket_key *key);

/* Have a context's tickets sealed and opened with these; whoever made it holds them for as long as it lives. */
void tls_tickets_serve(struct tls_tickets *tickets, SSL_CTX *ssl);

#endif
