#include "net/tls_context.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/mem.h"
#include "net/tls_certificate.h"

#define RECORDS_PER_KEY (1U << 24)
#define TICKETS_PER_HANDSHAKE 1
/* One that is cheap comes first; a client without AES in hardware puts ChaCha20 first, and gets it. */
#define CIPHERS_1_3 "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
#define CIPHERS_1_2                                                                                \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"                                   \
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"                                   \
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
#define GROUPS "X25519:P-256:P-384"
#define SECURITY_LEVEL 2 /* 112 bits: RSA from 2048 bits, no SHA-1 */

static const unsigned char alpn[] = "\x08http/1.1";
#define ALPN_BYTES (sizeof alpn - 1)

struct tls_context {
    _Atomic unsigned holds;
    SSL_CTX *ssl; /* one hold */
    struct tls_tickets *tickets;
    unsigned char authorities[SHA256_DIGEST_LENGTH]; /* what stands for those of clients */
    int64_t expires_s;
    uint64_t records_per_key;
};

static int on_alpn(SSL *ssl, const unsigned char **chosen, unsigned char *chosen_len,
                   const unsigned char *offered, unsigned offered_len, void *context)
{
    (void)ssl, (void)context;
    unsigned char *found;
    if (SSL_select_next_proto(&found, chosen_len, alpn, ALPN_BYTES, offered, offered_len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

/* --- what both sides have ------------------------------------------------------------------------------------------- */

static void set_what_is_spoken(SSL_CTX *ssl)
{
    CHECK(SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) == 1);
    CHECK(SSL_CTX_set_cipher_list(ssl, CIPHERS_1_2) == 1);
    CHECK(SSL_CTX_set_ciphersuites(ssl, CIPHERS_1_3) == 1);
    CHECK(SSL_CTX_set1_groups_list(ssl, GROUPS) == 1);
    SSL_CTX_set_security_level(ssl, SECURITY_LEVEL);
    SSL_CTX_set_options(ssl, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
}

/* In place of a question on the terminal. */
static int on_passphrase(char *to, int room, int is_writing, void *context)
{
    (void)to, (void)room, (void)is_writing, (void)context;
    return -1;
}

static struct tls_context *context_new(const SSL_METHOD *method)
{
    struct tls_context *context = mem_must(sizeof *context);
    context->holds = 1;
    context->ssl = SSL_CTX_new(method);
    CHECK(context->ssl != NULL);
    set_what_is_spoken(context->ssl);
    SSL_CTX_set_default_passwd_cb(context->ssl, on_passphrase);
    ERR_clear_error();
    return context;
}

struct tls_context *tls_context_hold(struct tls_context *context)
{
    atomic_fetch_add(&context->holds, 1);
    return context;
}

void tls_context_drop(struct tls_context **context)
{
    struct tls_context *it = *context;
    *context = NULL;
    if (it == NULL || atomic_fetch_sub(&it->holds, 1) > 1)
        return;
    SSL_CTX_free(it->ssl);
    tls_tickets_drop(&it->tickets);
    mem_free(it);
}

int64_t tls_context_expires_s(const struct tls_context *context)
{
    return context->expires_s;
}

static bool verify(const struct tls_context *context, X509 *certificate, STACK_OF(X509) * chain)
{
    X509_STORE_CTX *check = X509_STORE_CTX_new();
    bool is_good =
        check != NULL &&
        X509_STORE_CTX_init(check, SSL_CTX_get_cert_store(context->ssl), certificate, chain) == 1 &&
        X509_STORE_CTX_set_default(check, "ssl_client") == 1;
    if (is_good) {
        X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(check), SECURITY_LEVEL);
        is_good = X509_verify_cert(check) == 1;
    }
    X509_STORE_CTX_free(check);
    ERR_clear_error();
    return is_good;
}

bool tls_context_trusts_peer(const struct tls_context *context, const struct tls_context *verified,
                             const SSL *ssl)
{
    X509 *certificate = SSL_get0_peer_certificate(ssl);
    if (context == verified ||
        memcmp(context->authorities, verified->authorities, sizeof context->authorities) == 0)
        return true;
    return certificate != NULL && verify(context, certificate, SSL_get_peer_cert_chain(ssl));
}

SSL_CTX *tls_context_ssl(const struct tls_context *context)
{
    return context->ssl;
}

uint64_t tls_context_records_per_key(const struct tls_context *context)
{
    return context->records_per_key;
}

/* --- files ---------------------------------------------------------------------------------------------------------- */

/* "FILE: why": the system's word, else OpenSSL's, else `otherwise`. */
static bool refuse(char error[TLS_CONTEXT_ERROR_BYTES], const char *file, const char *otherwise)
{
    unsigned long code = ERR_peek_error();
    const char *why = ERR_reason_error_string(code);
    if (ERR_SYSTEM_ERROR(code))
        why = strerror(ERR_GET_REASON(code));
    else if (why == NULL || ERR_GET_LIB(code) != ERR_LIB_SSL)
        why = otherwise;
    snprintf(error, TLS_CONTEXT_ERROR_BYTES, "%s: %s", file, why);
    ERR_clear_error();
    return false;
}

static bool load_certificate(SSL_CTX *ssl, const char *file, char error[TLS_CONTEXT_ERROR_BYTES])
{
    if (SSL_CTX_use_certificate_chain_file(ssl, file) == 1)
        return true;
    return refuse(error, file, "it holds no certificate in PEM form that can be read");
}

static bool load_key(SSL_CTX *ssl, const struct tls_server_options *options,
                     char error[TLS_CONTEXT_ERROR_BYTES])
{
    if (SSL_CTX_use_PrivateKey_file(ssl, options->key_file, SSL_FILETYPE_PEM) == 1)
        return true;
    if (ERR_GET_LIB(ERR_peek_error()) != ERR_LIB_X509)
        return refuse(error, options->key_file,
                      "it holds no private key in PEM form that can be read without a passphrase");
    snprintf(error, TLS_CONTEXT_ERROR_BYTES, "%s: the key is not that of the certificate in %s",
             options->key_file, options->cert_file);
    ERR_clear_error();
    return false;
}

static void digest_of(X509_STORE *trusted, unsigned char id[SHA256_DIGEST_LENGTH])
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    CHECK(digest != NULL && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1);
    STACK_OF(X509) *all = trusted == NULL ? NULL : X509_STORE_get1_all_certs(trusted);
    for (int i = 0; i < sk_X509_num(all); i++) {
        CHECK(X509_digest(sk_X509_value(all, i), EVP_sha256(), id, NULL) == 1);
        CHECK(EVP_DigestUpdate(digest, id, SHA256_DIGEST_LENGTH) == 1);
    }
    CHECK(EVP_DigestFinal_ex(digest, id, NULL) == 1);
    sk_X509_pop_free(all, X509_free);
    EVP_MD_CTX_free(digest);
}

/* A ticket says that its bearer's certificate was verified: that holds for those who did it, and no others. */
static void bind_tickets(struct tls_context *context, bool is_asking)
{
    X509_STORE *trusted = is_asking ? SSL_CTX_get_cert_store(context->ssl) : NULL;
    digest_of(trusted, context->authorities);
    CHECK(SSL_CTX_set_session_id_context(context->ssl, context->authorities,
                                         sizeof context->authorities) == 1);
}

/* NULL: clients are not asked for a certificate. One that is asked may have none. */
static bool load_client_ca(SSL_CTX *ssl, const char *file, char error[TLS_CONTEXT_ERROR_BYTES])
{
    STACK_OF(X509_NAME) *names = NULL;
    if (file != NULL) {
        names = SSL_load_client_CA_file(file);
        if (names == NULL || SSL_CTX_load_verify_file(ssl, file) != 1) {
            sk_X509_NAME_pop_free(names, X509_NAME_free);
            return refuse(error, file, "it holds no certificate in PEM form that can be read");
        }
        SSL_CTX_set_client_CA_list(ssl, names);
        SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    }
    return true;
}

static int64_t end_of_chain(SSL_CTX *ssl)
{
    STACK_OF(X509) *chain = NULL;
    int64_t first_s = tls_certificate_expires_s(SSL_CTX_get0_certificate(ssl));
    SSL_CTX_get0_chain_certs(ssl, &chain);
    for (int i = 0; i < sk_X509_num(chain); i++) {
        int64_t end_s = tls_certificate_expires_s(sk_X509_value(chain, i));
        first_s = end_s < first_s ? end_s : first_s;
    }
    return first_s;
}

/* --- the two sides -------------------------------------------------------------------------------------------------- */

struct tls_context *tls_context_new_server(const struct tls_server_options *options,
                                           char error[TLS_CONTEXT_ERROR_BYTES])
{
    struct tls_context *context = context_new(TLS_server_method());
    SSL_CTX *ssl = context->ssl;
    context->tickets = tls_tickets_hold(options->tickets);
    context->records_per_key =
        options->records_per_key > 0 ? options->records_per_key : RECORDS_PER_KEY;
    SSL_CTX_set_timeout(ssl, TLS_TICKET_LIFE_S);
    SSL_CTX_set_num_tickets(ssl, TICKETS_PER_HANDSHAKE);
    SSL_CTX_set_alpn_select_cb(ssl, on_alpn, NULL);
    tls_tickets_serve(context->tickets, ssl);
    if (!load_certificate(ssl, options->cert_file, error) || !load_key(ssl, options, error) ||
        !load_client_ca(ssl, options->client_ca_file, error)) {
        tls_context_drop(&context);
        return NULL;
    }
    bind_tickets(context, options->client_ca_file != NULL);
    context->expires_s = end_of_chain(ssl);
    return context;
}

struct tls_context *tls_context_new_client(const char *ca_file, char error[TLS_CONTEXT_ERROR_BYTES])
{
    struct tls_context *context = context_new(TLS_client_method());
    SSL_CTX *ssl = context->ssl;
    context->records_per_key = RECORDS_PER_KEY;
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    CHECK(SSL_CTX_set_alpn_protos(ssl, alpn, ALPN_BYTES) == 0);
    bool is_loaded = true;
    if (ca_file == NULL)
        SSL_CTX_set_default_verify_paths(ssl);
    else if (SSL_CTX_load_verify_file(ssl, ca_file) != 1)
        is_loaded = refuse(error, ca_file, "it holds no certificate in PEM form that can be read");
    if (!is_loaded)
        tls_context_drop(&context);
    return context;
}
