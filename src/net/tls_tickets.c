#include "net/tls_tickets.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

#define KEYS 3
#define SEALS_MS (60 * 60 * 1000)
#define OPENS_MS (SEALS_MS + TLS_TICKET_LIFE_S * 1000)

struct dated_key {
    struct tls_ticket_key key;
    uint64_t drawn_ms;
    bool is_drawn;
};

struct tls_tickets {
    _Atomic unsigned holds;
    pthread_mutex_t lock;
    struct dated_key keys[KEYS]; /* under the lock; the newest first */
};

struct tls_tickets *tls_tickets_new(void)
{
    struct tls_tickets *tickets = mem_must(sizeof *tickets);
    tickets->holds = 1;
    CHECK(pthread_mutex_init(&tickets->lock, NULL) == 0);
    return tickets;
}

struct tls_tickets *tls_tickets_hold(struct tls_tickets *tickets)
{
    atomic_fetch_add(&tickets->holds, 1);
    return tickets;
}

void tls_tickets_drop(struct tls_tickets **tickets)
{
    struct tls_tickets *it = *tickets;
    *tickets = NULL;
    if (it == NULL || atomic_fetch_sub(&it->holds, 1) > 1)
        return;
    OPENSSL_cleanse(it->keys, sizeof it->keys);
    pthread_mutex_destroy(&it->lock);
    mem_free(it);
}

static bool is_younger(const struct dated_key *key, uint64_t now_ms, uint64_t than_ms)
{
    return key->is_drawn && now_ms - key->drawn_ms < than_ms;
}

/* Of the time before the lock somebody else may have made the newest key younger than `now_ms`. */
static uint64_t not_before(const struct dated_key *key, uint64_t now_ms)
{
    return key->is_drawn && key->drawn_ms > now_ms ? key->drawn_ms : now_ms;
}

static int draw(struct dated_key keys[KEYS], uint64_t now_ms)
{
    struct dated_key drawn = {.drawn_ms = now_ms, .is_drawn = true};
    if (RAND_bytes(drawn.key.name, sizeof drawn.key.name) != 1 ||
        RAND_priv_bytes(drawn.key.cipher_key, sizeof drawn.key.cipher_key) != 1 ||
        RAND_priv_bytes(drawn.key.mac_key, sizeof drawn.key.mac_key) != 1)
        return ERR_SYSTEM;
    memmove(keys + 1, keys, (KEYS - 1) * sizeof *keys);
    keys[0] = drawn;
    OPENSSL_cleanse(&drawn, sizeof drawn);
    return 0;
}

int tls_tickets_seal(struct tls_tickets *tickets, uint64_t now_ms, struct tls_ticket_key *key)
{
    int err = 0;
    pthread_mutex_lock(&tickets->lock);
    now_ms = not_before(&tickets->keys[0], now_ms);
    if (!is_younger(&tickets->keys[0], now_ms, SEALS_MS))
        err = draw(tickets->keys, now_ms);
    *key = tickets->keys[0].key;
    pthread_mutex_unlock(&tickets->lock);
    return err;
}

int tls_tickets_open(struct tls_tickets *tickets, uint64_t now_ms,
                     const uint8_t name[TLS_TICKET_NAME_BYTES], struct tls_ticket_key *key)
{
    int result = ERR_NOT_FOUND;
    pthread_mutex_lock(&tickets->lock);
    now_ms = not_before(&tickets->keys[0], now_ms);
    for (size_t i = 0; i < KEYS && result < 0; i++) {
        struct dated_key *at = &tickets->keys[i];
        if (!is_younger(at, now_ms, OPENS_MS) ||
            memcmp(at->key.name, name, sizeof at->key.name) != 0)
            continue;
        *key = at->key;
        result = is_younger(at, now_ms, SEALS_MS) ? 0 : 1;
    }
    pthread_mutex_unlock(&tickets->lock);
    return result;
}

/* --- OpenSSL's side ------------------------------------------------------------------------------------------------- */

static bool init_mac(EVP_MAC_CTX *mac, struct tls_ticket_key *key)
{
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->mac_key, sizeof key->mac_key),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_CTX_set_params(mac, params) == 1;
}

/* What the callback has to fill, or to make of a ticket's name and iv. */
struct ticket {
    unsigned char *name;
    unsigned char *iv;
    EVP_CIPHER_CTX *cipher;
    EVP_MAC_CTX *mac;
};

static int seal(struct tls_tickets *tickets, const struct ticket *ticket)
{
    struct tls_ticket_key key;
    if (tls_tickets_seal(tickets, clock_monotonic_ms(), &key) < 0)
        return -1;
    memcpy(ticket->name, key.name, sizeof key.name);
    bool is_done = RAND_bytes(ticket->iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) == 1 &&
                   EVP_EncryptInit_ex(ticket->cipher, EVP_aes_256_cbc(), NULL, key.cipher_key,
                                      ticket->iv) == 1 &&
                   init_mac(ticket->mac, &key);
    OPENSSL_cleanse(&key, sizeof key);
    return is_done ? 1 : -1;
}

/*
 * A ticket that can't be opened leads to a full handshake. In TLS 1.3 each is for one connection (RFC 8446 C.4), so there is always
 * a new one; in TLS 1.2 it is used until its key seals no more.
 */
static int unseal(struct tls_tickets *tickets, const struct ticket *ticket, bool is_for_once)
{
    struct tls_ticket_key key;
    int age = tls_tickets_open(tickets, clock_monotonic_ms(), ticket->name, &key);
    if (age < 0)
        return 0;
    bool is_done = EVP_DecryptInit_ex(ticket->cipher, EVP_aes_256_cbc(), NULL, key.cipher_key,
                                      ticket->iv) == 1 &&
                   init_mac(ticket->mac, &key);
    OPENSSL_cleanse(&key, sizeof key);
    if (!is_done)
        return -1;
    return age == 0 && !is_for_once ? 1 : 2;
}

/* SSL_CTX_set_tlsext_ticket_key_evp_cb(3) says what it returns. */
static int on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                     EVP_MAC_CTX *mac, int is_sealing)
{
    struct tls_tickets *tickets = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    struct ticket ticket = {name, iv, cipher, mac};
    return is_sealing != 0 ? seal(tickets, &ticket)
                           : unseal(tickets, &ticket, SSL_version(ssl) >= TLS1_3_VERSION);
}

void tls_tickets_serve(struct tls_tickets *tickets, SSL_CTX *ssl)
{
    SSL_CTX_set_app_data(ssl, tickets);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(ssl, on_ticket);
}
