#include "auth/key_fetch.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "auth/cache_control.h"
#include "auth/key_schedule.h"
#include "auth/key_set.h"
#include "base/buf.h"
#include "base/mem.h"

struct key_fetch {
    CURL *curl;                 /* owned */
    struct curl_slist *headers; /* owned */
    char *url;                  /* owned */
    struct buf body;
    size_t header_bytes;
    uint64_t max_age_ms;
    bool is_too_big;
    bool is_out_of_memory;
    char details[CURL_ERROR_SIZE];
};

static const char *const names[] = {
#define KEY_FETCH(name, text) #name,
#include "auth/key_fetch.def"
#undef KEY_FETCH
};

static const char *const texts[] = {
#define KEY_FETCH(name, text) text,
#include "auth/key_fetch.def"
#undef KEY_FETCH
};

const char *key_fetch_result_name(enum key_fetch_result result)
{
    return names[result];
}

const char *key_fetch_result_text(enum key_fetch_result result)
{
    return texts[result];
}

/* Taking fewer bytes than there are ends the transfer. */
static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct key_fetch *fetch = context;
    size_t len = size * count;
    fetch->is_too_big = len > KEY_SET_BYTES - fetch->body.len;
    if (fetch->is_too_big)
        return 0;
    fetch->is_out_of_memory = buf_append(&fetch->body, span_of(bytes, len)) < 0;
    return fetch->is_out_of_memory ? 0 : len;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
    struct key_fetch *fetch = context;
    size_t len = size * count;
    uint64_t max_age_s;
    fetch->header_bytes += len;
    fetch->is_too_big = fetch->header_bytes > KEY_FETCH_HEADER_BYTES;
    if (fetch->is_too_big)
        return 0;
    if (cache_control_max_age(span_of(bytes, len), &max_age_s) &&
        max_age_s * 1000 < fetch->max_age_ms)
        fetch->max_age_ms = max_age_s * 1000;
    return len;
}

static bool set_destination(CURL *curl, const struct key_fetch_options *options)
{
    bool is_https = strncasecmp(options->url, "https:", 6) == 0;
    CURLcode code = curl_easy_setopt(curl, CURLOPT_URL, options->url);
    if (code == CURLE_OK)
        code = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, is_https ? "https" : "http");
    if (code == CURLE_OK && !is_https)
        code = curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    if (code == CURLE_OK && options->ca != NULL) {
        /* Else the system's folder of certificates is trusted beside it. */
        curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
        code = curl_easy_setopt(curl, CURLOPT_CAINFO, options->ca);
    }
    return code == CURLE_OK;
}

static void set_caution(CURL *curl, uint64_t timeout_ms)
{
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    curl_easy_setopt(curl, CURLOPT_MAXFILESIZE, (long)KEY_SET_BYTES);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    /* A name server that is slow holds up a thread of curl's that is forgotten, and neither the next fetch nor the end. */
    curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
}

static void set_listeners(struct key_fetch *fetch)
{
    CURL *curl = fetch->curl;
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "spectate/" SPECTATE_VERSION);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fetch->headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, fetch);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, fetch);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, fetch->details);
}

struct key_fetch *key_fetch_new(const struct key_fetch_options *options)
{
    struct key_fetch *fetch = mem_must(sizeof *fetch);
    size_t url_bytes = strlen(options->url) + 1;
    fetch->url = mem_must(url_bytes);
    memcpy(fetch->url, options->url, url_bytes);
    fetch->headers = curl_slist_append(
        NULL, "Accept: application/jwk-set+json, application/json;q=0.9, */*;q=0.1");
    fetch->curl = curl_easy_init();
    if (fetch->headers == NULL || fetch->curl == NULL || !set_destination(fetch->curl, options)) {
        key_fetch_free(&fetch);
        return NULL;
    }
    set_caution(fetch->curl, options->timeout_ms);
    set_listeners(fetch);
    curl_easy_setopt(fetch->curl, CURLOPT_PRIVATE, options->owner);
    return fetch;
}

void key_fetch_free(struct key_fetch **fetch)
{
    struct key_fetch *it = *fetch;
    if (it == NULL)
        return;
    curl_easy_cleanup(it->curl);
    curl_slist_free_all(it->headers);
    buf_fini(&it->body);
    mem_free(it->url);
    mem_free(it);
    *fetch = NULL;
}

const char *key_fetch_url(const struct key_fetch *fetch)
{
    return fetch->url;
}

CURL *key_fetch_begin(struct key_fetch *fetch)
{
    buf_fini(&fetch->body);
    fetch->header_bytes = 0;
    fetch->max_age_ms = KEY_SCHEDULE_NO_AGE;
    fetch->is_too_big = false;
    fetch->is_out_of_memory = false;
    fetch->details[0] = '\0';
    return fetch->curl;
}

static enum key_fetch_result judge(const struct key_fetch *fetch, CURLcode code)
{
    if (fetch->is_too_big || code == CURLE_FILESIZE_EXCEEDED)
        return KEY_FETCH_too_big;
    if (fetch->is_out_of_memory || code == CURLE_OUT_OF_MEMORY)
        return KEY_FETCH_out_of_memory;
    if (code == CURLE_OPERATION_TIMEDOUT)
        return KEY_FETCH_too_slow;
    if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
        return KEY_FETCH_untrusted;
    return code == CURLE_OK ? KEY_FETCH_fetched : KEY_FETCH_unreachable;
}

enum key_fetch_result key_fetch_end(struct key_fetch *fetch, CURLcode code)
{
    long status = 0;
    enum key_fetch_result result = judge(fetch, code);
    if (result != KEY_FETCH_fetched)
        return result;
    curl_easy_getinfo(fetch->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status == 200)
        return KEY_FETCH_fetched;
    snprintf(fetch->details, sizeof fetch->details, "status %ld", status);
    return KEY_FETCH_bad_status;
}

struct span key_fetch_body(const struct key_fetch *fetch)
{
    return buf_span(&fetch->body);
}

uint64_t key_fetch_max_age_ms(const struct key_fetch *fetch)
{
    return fetch->max_age_ms;
}

const char *key_fetch_details(const struct key_fetch *fetch)
{
    return fetch->details;
}
