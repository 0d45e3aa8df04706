#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "net/tls_certificate.h"

struct tls {
    SSL *ssl;                    /* owned */
    struct tls_io *io;           /* borrowed */
    struct tls_context *context; /* held: its tickets are used by `ssl` */
    uint32_t records;            /* written under the present key */
    uint8_t failure;             /* enum tls_failure, once it has failed */
    bool is_secured;
    bool has_failed;
    bool has_said_goodbye;
};

/* --- begin and end -------------------------------------------------------------------------------------------------- */

static struct tls *new_with(struct tls_context *context, struct tls_io *io)
{
    struct tls *tls = mem_try(sizeof *tls);
    if (tls == NULL)
        return NULL;
    tls->ssl = SSL_new(tls_context_ssl(context));
    if (tls->ssl == NULL) {
        mem_free(tls);
        return NULL;
    }
    BIO_up_ref(io->bio);
    SSL_set_bio(tls->ssl, io->bio, io->bio);
    tls->io = io;
    tls->context = tls_context_hold(context);
    return tls;
}

struct tls *tls_new_server(struct tls_context *context, struct tls_io *io)
{
    struct tls *tls = new_with(context, io);
    if (tls != NULL)
        SSL_set_accept_state(tls->ssl);
    return tls;
}

/* An address is in the certificate as an address, and is not sent as the name of the server (RFC 6066 3). */
static bool expect_host(SSL *ssl, const char *host)
{
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1)
        return true;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

struct tls *tls_new_client(struct tls_context *context, struct tls_io *io, const char *host)
{
    struct tls *tls = new_with(context, io);
    if (tls == NULL)
        return NULL;
    SSL_set_connect_state(tls->ssl);
    if (!expect_host(tls->ssl, host))
        tls_free(&tls);
    return tls;
}

void tls_free(struct tls **tls)
{
    struct tls *it = *tls;
    if (it == NULL)
        return;
    SSL_free(it->ssl);
    tls_context_drop(&it->context);
    mem_free(it);
    *tls = NULL;
}

bool tls_is_secured(const struct tls *tls)
{
    return tls->is_secured;
}

bool tls_was_resumed(const struct tls *tls)
{
    return SSL_session_reused(tls->ssl) == 1;
}

char *tls_peer_name(const struct tls *tls)
{
    const X509 *certificate = SSL_get0_peer_certificate(tls->ssl);
    if (certificate == NULL || SSL_get_verify_result(tls->ssl) != X509_V_OK)
        return NULL;
    return tls_certificate_name(certificate);
}

int64_t tls_peer_expires_s(const struct tls *tls)
{
    const X509 *certificate = SSL_get0_peer_certificate(tls->ssl);
    return certificate != NULL ? tls_certificate_expires_s(certificate) : 0;
}

bool tls_peer_is_trusted_by(const struct tls *tls, const struct tls_context *context)
{
    return tls_context_trusts_peer(context, tls->context, tls->ssl);
}

SSL *tls_ssl(const struct tls *tls)
{
    return tls->ssl;
}

struct span tls_answer(const struct tls *tls)
{
    return buf_span(&tls->io->out);
}

/* It begins with an empty queue of errors, so that what is found there afterwards is its own. */
static void begin(struct tls *tls, struct span in)
{
    ERR_clear_error();
    tls_io_begin(tls->io, in);
}

/* --- failures ------------------------------------------------------------------------------------------------------- */

static const struct {
    int reason;
    enum tls_failure failure;
} known_reasons[] = {
    {SSL_R_HTTP_REQUEST, TLS_FAILURE_plain_http},
    {SSL_R_HTTPS_PROXY_REQUEST, TLS_FAILURE_plain_http},
    {SSL_R_CERTIFICATE_VERIFY_FAILED, TLS_FAILURE_bad_certificate},
    {SSL_R_NO_APPLICATION_PROTOCOL, TLS_FAILURE_nothing_shared},
    {SSL_R_NO_PROTOCOLS_AVAILABLE, TLS_FAILURE_nothing_shared},
    {SSL_R_NO_SHARED_CIPHER, TLS_FAILURE_nothing_shared},
    {SSL_R_NO_SHARED_GROUPS, TLS_FAILURE_nothing_shared},
    {SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, TLS_FAILURE_nothing_shared},
    {SSL_R_NO_SUITABLE_GROUPS, TLS_FAILURE_nothing_shared},
    {SSL_R_NO_SUITABLE_KEY_SHARE, TLS_FAILURE_nothing_shared},
    {SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, TLS_FAILURE_nothing_shared},
    {SSL_R_UNSUPPORTED_PROTOCOL, TLS_FAILURE_nothing_shared},
    {SSL_R_VERSION_TOO_LOW, TLS_FAILURE_nothing_shared},
    {ERR_R_MALLOC_FAILURE, TLS_FAILURE_no_memory},
};

static enum tls_failure failure_of(unsigned long error)
{
    int reason = ERR_GET_REASON(error);
    for (size_t i = 0; i < sizeof known_reasons / sizeof *known_reasons; i++)
        if (known_reasons[i].reason == reason)
            return known_reasons[i].failure;
    /* an alert that was received is a reason of this number and its own */
    return ERR_GET_LIB(error) == ERR_LIB_SSL && reason > SSL_AD_REASON_OFFSET
               ? TLS_FAILURE_peer_alert
               : TLS_FAILURE_bad_bytes;
}

static void keep_reason(struct tls *tls, unsigned long error)
{
    const char *text = ERR_reason_error_string(error);
    if (tls->failure == TLS_FAILURE_bad_certificate)
        text = X509_verify_cert_error_string(SSL_get_verify_result(tls->ssl));
    snprintf(tls->io->reason, sizeof tls->io->reason, "%s",
             text != NULL ? text : tls_failure_text(tls_failure(tls)));
}

/* For people who forgot the s, in place of an alert that they could not read. */
static void answer_in_plain(struct tls *tls)
{
    static const char answer[] = "HTTP/1.1 400 Bad Request\r\n"
                                 "Content-Type: text/plain; charset=utf-8\r\n"
                                 "Content-Length: 43\r\n"
                                 "Connection: close\r\n\r\n"
                                 "TLS is spoken here: use https:// or wss://\n";
    tls->io->out.len = 0;
    (void)buf_append(&tls->io->out, span_of_text(answer));
}

static enum tls_read fail(struct tls *tls)
{
    unsigned long error = ERR_peek_error();
    tls->has_failed = true;
    tls->failure = (uint8_t)failure_of(error);
    keep_reason(tls, error);
    if (tls->failure == TLS_FAILURE_plain_http)
        answer_in_plain(tls);
    ERR_clear_error();
    return TLS_READ_FAILED;
}

enum tls_failure tls_failure(const struct tls *tls)
{
    return (enum tls_failure)tls->failure;
}

const char *tls_reason(const struct tls *tls)
{
    return tls->io->reason;
}

/* --- in ------------------------------------------------------------------------------------------------------------- */

static enum tls_read shake_hands(struct tls *tls)
{
    int result = SSL_do_handshake(tls->ssl);
    if (result == 1) {
        tls->is_secured = true;
        return TLS_READ_SECURED;
    }
    return SSL_get_error(tls->ssl, result) == SSL_ERROR_WANT_READ ? TLS_READ_MORE : fail(tls);
}

static enum tls_read read_plain(struct tls *tls, struct tls_piece *piece)
{
    int got = SSL_read(tls->ssl, tls->io->plain, sizeof tls->io->plain);
    if (got > 0) {
        *piece = (struct tls_piece){tls->io->plain, (size_t)got};
        return TLS_READ_PLAIN;
    }
    switch (SSL_get_error(tls->ssl, got)) {
    case SSL_ERROR_WANT_READ:
        return TLS_READ_MORE;
    case SSL_ERROR_ZERO_RETURN:
        return TLS_READ_END;
    default:
        return fail(tls);
    }
}

enum tls_read tls_read(struct tls *tls, struct span *cipher, struct tls_piece *piece)
{
    CHECK(!tls->has_failed);
    begin(tls, *cipher);
    enum tls_read result = tls->is_secured ? read_plain(tls, piece) : shake_hands(tls);
    *cipher = tls->io->in;
    return result;
}

/* --- out ------------------------------------------------------------------------------------------------------------ */

/* The beginning of the spans in one piece. */
static struct span gather(struct tls *tls, const struct span *spans, size_t count)
{
    size_t room = TLS_RECORD_BYTES;
    size_t len = 0;
    if (count == 1 || spans[0].len >= room)
        return span_of(spans[0].data, spans[0].len < room ? spans[0].len : room);
    for (size_t i = 0; i < count && len < room; i++) {
        size_t some = spans[i].len < room - len ? spans[i].len : room - len;
        if (some > 0)
            memcpy(tls->io->gather + len, spans[i].data, some);
        len += some;
    }
    return span_of(tls->io->gather, len);
}

/* A key is good for so many records and no more; TLS 1.2 knows no way to change it without a new handshake. */
static void mind_the_key(struct tls *tls)
{
    if (++tls->records < tls_context_records_per_key(tls->context) ||
        SSL_version(tls->ssl) < TLS1_3_VERSION)
        return;
    tls->records = 0;
    SSL_key_update(tls->ssl, SSL_KEY_UPDATE_NOT_REQUESTED);
}

int tls_write(struct tls *tls, const struct span *spans, size_t count)
{
    CHECK(tls->is_secured && !tls->has_failed);
    struct span plain = gather(tls, spans, count);
    CHECK(plain.len > 0);
    tls_io_begin(
        tls->io,
        span_of(NULL, 0)); /* its errors are all one, so the queue of them need not be emptied */
    mind_the_key(tls);
    int written = SSL_write(tls->ssl, plain.data, (int)plain.len);
    if (written > 0)
        return written;
    tls->has_failed = true;
    tls->failure = TLS_FAILURE_no_memory;
    ERR_clear_error();
    return ERR_NO_MEMORY;
}

void tls_say_goodbye(struct tls *tls)
{
    begin(tls, span_of(NULL, 0));
    if (!tls->is_secured || tls->has_failed || tls->has_said_goodbye)
        return;
    tls->has_said_goodbye = true;
    SSL_shutdown(tls->ssl);
}
