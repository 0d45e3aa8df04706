/*
 * key_fetch: one URL that keys are fetched from, again and again, by a libcurl handle.
 *
 * Whom it trusts: TLS 1.2 or newer with the server's certificate and name verified, always; plain http only without a proxy,
 * for URLs on this machine (auth/issuer.h). It goes where the URL says and nowhere else: no redirects. An answer is taken when
 * its status is 200 and it is whole within the timeout and KEY_SET_BYTES, which is watched while it comes in.
 */
#ifndef SPECTATE_AUTH_KEY_FETCH_H
#define SPECTATE_AUTH_KEY_FETCH_H

#include <curl/curl.h>
#include <stdint.h>

#include "base/span.h"

#define KEY_FETCH_HEADER_BYTES (64 * 1024)

enum key_fetch_result {
#define KEY_FETCH(name, text) KEY_FETCH_##name,
#include "auth/key_fetch.def"
#undef KEY_FETCH
    KEY_FETCH_COUNT
};

/* As metrics see it, and its meaning. Static storage. */
const char *key_fetch_result_name(enum key_fetch_result result);
const char *key_fetch_result_text(enum key_fetch_result result);

struct key_fetch;

struct key_fetch_options {
    const char *url; /* copied, as `ca` is */
    const char *ca;  /* PEM file that alone is trusted; NULL: what the system trusts */
    uint64_t timeout_ms;
    void *owner; /* is the handle's CURLINFO_PRIVATE */
};

/* Owned by the caller. NULL without memory. curl_global_init() was called before. */
struct key_fetch *key_fetch_new(const struct key_fetch_options *options);

/* The handle is in no multi handle any more. */
void key_fetch_free(struct key_fetch **fetch);

const char *key_fetch_url(const struct key_fetch *fetch);

/* Forget the last answer; the handle, borrowed, is ready to be run. */
CURL *key_fetch_begin(struct key_fetch *fetch);

/* The handle has run, with this result. */
enum key_fetch_result key_fetch_end(struct key_fetch *fetch, CURLcode code);

/* After key_fetch_end(): what came, and for how long the server says that it is good (KEY_SCHEDULE_NO_AGE: it does not). */
struct span key_fetch_body(const struct key_fetch *fetch);
uint64_t key_fetch_max_age_ms(const struct key_fetch *fetch);

/* What went wrong in more words than the result's, "" when there are none. Borrowed. */
const char *key_fetch_details(const struct key_fetch *fetch);

#endif
