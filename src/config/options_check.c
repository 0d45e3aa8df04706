/*
 * Settings that are fine alone and wrong together. Each is a question that the operator has to answer before the server
 * starts, above all: who may connect, and as whom. Whatever would serve strangers is never assumed.
 */
#include "config/options.h"

#include "base/err.h"

/* One that others can connect to. NULL: there is none. */
static const char *public_address(const struct options *options)
{
    for (size_t i = 0; i < options->listen.count; i++) {
        if (!address_text_is_loopback(options->listen.items[i]))
            return options->listen.items[i];
    }
    return NULL;
}

bool options_listen_is_loopback(const struct options *options)
{
    return public_address(options) == NULL;
}

static int fail(struct options *options, const char *why)
{
    options_fail(options, "%s", why);
    return ERR_INVALID;
}

static int check_lag(struct options *options)
{
    if (options->lag_bytes <= options->max_queued_bytes)
        return 0;
    options_fail(options,
                 "lag-bytes (%zu) is over max-queued-bytes (%zu): what a follower lags is queued "
                 "for it when it follows more runners",
                 options->lag_bytes, options->max_queued_bytes);
    return ERR_INVALID;
}

static int check_status(struct options *options)
{
    if (options->lost_time_ms == 0 || options->stale_time_ms < options->lost_time_ms)
        return 0;
    return fail(options, "lost-time has to be longer than stale-time");
}

static int check_store(struct options *options)
{
    if (options->store != STORE_KIND_SQLITE || options->data != NULL)
        return 0;
    return fail(options, "store is sqlite, but there is no data, the folder for it");
}

static int check_auth(struct options *options)
{
    char text[OPTIONS_SHOWN_BYTES];
    const char *address = public_address(options);
    if (options->auth == AUTH_JWT && options->issuer.count == 0)
        return fail(options, "auth is jwt, but there is no issuer whose tokens to believe");
    if (options->auth != AUTH_AUTO)
        return 0;
    if (options->issuer.count > 0)
        return fail(options, "there is an issuer, but auth is auto: say `auth jwt` to ask for "
                             "tokens, or `auth none` to let everybody in");
    if (address == NULL)
        return 0;
    options_fail(options,
                 "others than this machine can connect to %s: say `auth jwt` to ask for tokens, "
                 "or `auth none` to let everybody publish and follow everything",
                 options_show(address, text));
    return ERR_INVALID;
}

static int check_admin(struct options *options)
{
    if (options->admin == NULL || options->admin_token_file != NULL)
        return 0;
    return fail(options, "admin needs admin-token-file: nobody is an operator without a token");
}

static int check_tls(struct options *options)
{
    if (options->tls_cert != NULL && options->tls_key == NULL)
        return fail(options, "tls-cert needs tls-key");
    if (options->tls_key != NULL && options->tls_cert == NULL)
        return fail(options, "tls-key needs tls-cert");
    if (options->tls_client_ca != NULL && options->tls_cert == NULL)
        return fail(options, "tls-client-ca needs tls-cert and tls-key");
    return 0;
}

static int check_proxies(struct options *options)
{
    if (options->proxy_protocol == SWITCH_OFF || options->trusted_proxies.count > 0)
        return 0;
    return fail(options, "proxy-protocol is on, but there are no trusted-proxies to believe");
}

int options_check(struct options *options)
{
    static int (*const checks[])(struct options *) = {
        check_lag, check_status, check_store, check_auth, check_admin, check_tls, check_proxies,
    };
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        int err = checks[i](options);
        if (err < 0)
            return err;
    }
    return 0;
}
