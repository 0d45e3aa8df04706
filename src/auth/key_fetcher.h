/*
 * key_fetcher: fetches the keys of issuers that have a URL, in a thread of its own.
 *
 * Every URL is fetched at once, and again in time (auth/key_schedule.h); whoever meets a key that is unknown asks for a fetch
 * before that, and asking is bounded. How each fetch ended is reported by a callback in the fetcher's thread, with the text
 * when it holds a usable key. A failure is logged and reported, and leaves the keys that somebody has; there is always a next try.
 */
#ifndef SPECTATE_AUTH_KEY_FETCHER_H
#define SPECTATE_AUTH_KEY_FETCHER_H

#include <stddef.h>
#include <stdint.h>

#include "auth/issuer.h"
#include "auth/key_fetch.h"
#include "auth/key_schedule.h"
#include "auth/key_text.h"

#define KEY_FETCHER_TIMEOUT_MS 5000

struct key_fetcher;

struct key_fetch_report {
    size_t issuer;
    enum key_fetch_result result;
    struct key_text *text; /* NULL unless KEY_FETCH_fetched. Borrowed: hold it to keep it */
};

struct key_fetcher_options {
    const struct issuer
        *issuers; /* borrowed until key_fetcher_new() returns; those without a URL are left alone */
    size_t issuer_count;
    struct key_schedule_limits limits;
    uint64_t timeout_ms; /* for a whole fetch; 0: KEY_FETCHER_TIMEOUT_MS */
    /* In the fetcher's thread. Must not block, nor call the fetcher. */
    void (*on_report)(void *context, const struct key_fetch_report *report);
    void *context; /* borrowed until key_fetcher_free() returns */
};

/* Starts the thread. NULL: the system gave none, logged. Call it first before there are other threads (curl_global_init()). */
struct key_fetcher *key_fetcher_new(const struct key_fetcher_options *options);

/* Ends the thread at once, also what is under way; when it returns no callback runs any more. May be called twice. */
void key_fetcher_stop(struct key_fetcher *fetcher);

/* Stops it, if need be. When nobody asks any more. Nulls the caller's pointer. */
void key_fetcher_free(struct key_fetcher **fetcher);

/*
 * Any thread: this issuer's keys are needed anew. How long until the fetch begins whose report answers this: 0 when one is
 * under way or begins now, at most limits.min_interval_ms; UINT64_MAX: the issuer has no URL.
 */
uint64_t key_fetcher_ask(struct key_fetcher *fetcher, size_t issuer);

#endif
