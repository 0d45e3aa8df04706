#include "app/certificates.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

#define SECONDS_PER_DAY 86400
#define WARN_DAYS 14

struct certificates {
    const struct options *options;
    struct tls_tickets
        *tickets; /* one hold; the same after a reload, so that nobody has to shake hands anew */
    struct tls_context *context; /* one hold */
};

static struct tls_context *load(const struct certificates *certificates,
                                char error[TLS_CONTEXT_ERROR_BYTES])
{
    struct tls_server_options options = {
        .cert_file = certificates->options->tls_cert,
        .key_file = certificates->options->tls_key,
        .client_ca_file = certificates->options->tls_client_ca,
        .tickets = certificates->tickets,
    };
    return tls_context_new_server(&options, error);
}

static void announce(const struct certificates *certificates)
{
    int64_t left_s = tls_context_expires_s(certificates->context) - clock_wall_ms() / 1000;
    long long days = (long long)(left_s / SECONDS_PER_DAY);
    const char *file = certificates->options->tls_cert;
    if (left_s <= 0)
        LOG(LOG_WARN, "tls.expired", NO_SESSION, "%s: the certificate has run out", file);
    else if (days < WARN_DAYS)
        LOG(LOG_WARN, "tls.expires_soon", NO_SESSION, "%s: good for %lld more days", file, days);
    else
        LOG(LOG_INFO, "tls.loaded", NO_SESSION, "%s: good for %lld days", file, days);
}

struct certificates *certificates_new(const struct options *options)
{
    char error[TLS_CONTEXT_ERROR_BYTES];
    struct certificates *certificates = mem_must(sizeof *certificates);
    certificates->options = options;
    certificates->tickets = tls_tickets_new();
    certificates->context = load(certificates, error);
    if (certificates->context != NULL) {
        announce(certificates);
        return certificates;
    }
    LOG(LOG_ERROR, "tls.not_loaded", NO_SESSION, "%s", error);
    certificates_free(&certificates);
    return NULL;
}

void certificates_free(struct certificates **certificates)
{
    struct certificates *it = *certificates;
    if (it == NULL)
        return;
    tls_context_drop(&it->context);
    tls_tickets_drop(&it->tickets);
    mem_free(it);
    *certificates = NULL;
}

int certificates_reload(struct certificates *certificates)
{
    char error[TLS_CONTEXT_ERROR_BYTES];
    struct tls_context *context = load(certificates, error);
    if (context == NULL) {
        LOG(LOG_WARN, "tls.not_reloaded", NO_SESSION, "%s; what was loaded before stays", error);
        return ERR_INVALID;
    }
    tls_context_drop(&certificates->context);
    certificates->context = context;
    announce(certificates);
    return 0;
}

struct tls_context *certificates_context(const struct certificates *certificates)
{
    return certificates->context;
}
