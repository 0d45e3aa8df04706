#include "auth/key_fetcher.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

#include "auth/key_set.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"

#define LONGEST_SLEEP_MS 60000

struct source {
    struct key_fetch *fetch; /* owned; NULL: this issuer has no URL. The thread's own */
    enum key_alg alg;
    bool has_failed;              /* the last time; the thread's own */
    struct key_schedule schedule; /* under the lock */
};

struct key_fetcher {
    struct key_fetcher_options options;
    struct source *sources; /* owned; one for each issuer */
    CURLM *multi;           /* owned; the thread's own but for curl_multi_wakeup() */
    struct hash_key luck_key;
    uint64_t luck_draws;
    pthread_t thread;
    pthread_mutex_t lock;
    bool is_stopping; /* under the lock */
    bool has_stopped;
};

static uint32_t draw_luck(struct key_fetcher *fetcher)
{
    uint64_t draw = fetcher->luck_draws++;
    return (uint32_t)hash_bytes(fetcher->luck_key, &draw, sizeof draw);
}

static bool is_stopping(struct key_fetcher *fetcher)
{
    pthread_mutex_lock(&fetcher->lock);
    bool it = fetcher->is_stopping;
    pthread_mutex_unlock(&fetcher->lock);
    return it;
}

/* True: it is time, and marked as under way. */
static bool take_due(struct key_fetcher *fetcher, struct source *source, uint64_t now_ms)
{
    pthread_mutex_lock(&fetcher->lock);
    bool is_due = key_schedule_wait_ms(&source->schedule, now_ms) == 0;
    if (is_due)
        key_schedule_begin(&source->schedule, now_ms);
    pthread_mutex_unlock(&fetcher->lock);
    return is_due;
}

static void begin_due(struct key_fetcher *fetcher)
{
    uint64_t now_ms = clock_monotonic_ms();
    for (size_t i = 0; i < fetcher->options.issuer_count; i++) {
        struct source *source = &fetcher->sources[i];
        if (source->fetch != NULL && take_due(fetcher, source, now_ms))
            CHECK(curl_multi_add_handle(fetcher->multi, key_fetch_begin(source->fetch)) ==
                  CURLM_OK);
    }
}

static bool holds_keys(const struct source *source)
{
    struct key_set *set = NULL;
    bool it = key_set_parse_public(key_fetch_body(source->fetch), source->alg, &set) == 0;
    key_set_free(&set);
    return it;
}

static void tell_log(struct source *source, enum key_fetch_result result)
{
    const char *url = key_fetch_url(source->fetch);
    const char *details = key_fetch_details(source->fetch);
    bool is_fetched = result == KEY_FETCH_fetched;
    if (!is_fetched)
        LOG(LOG_WARN, "auth.keys_not_fetched", NO_SESSION, "%s: %s%s%s", url,
            key_fetch_result_text(result), *details == '\0' ? "" : ": ", details);
    else if (source->has_failed)
        LOG(LOG_INFO, "auth.keys_fetched", NO_SESSION, "%s: keys are fetched again", url);
    else
        LOG(LOG_DEBUG, "auth.keys_fetched", NO_SESSION, "%s: keys were fetched", url);
    source->has_failed = !is_fetched;
}

static void note_end(struct key_fetcher *fetcher, struct source *source, bool is_fetched)
{
    uint64_t now_ms = clock_monotonic_ms();
    uint32_t luck = draw_luck(fetcher);
    pthread_mutex_lock(&fetcher->lock);
    if (is_fetched)
        key_schedule_succeed(&source->schedule, now_ms, key_fetch_max_age_ms(source->fetch), luck);
    else
        key_schedule_fail(&source->schedule, now_ms, luck);
    pthread_mutex_unlock(&fetcher->lock);
}

/* The schedule first: who hears the report may ask again at once. */
static void finish(struct key_fetcher *fetcher, struct source *source, CURLcode code)
{
    struct key_fetch_report report = {
        .issuer = (size_t)(source - fetcher->sources),
        .result = key_fetch_end(source->fetch, code),
    };
    if (report.result == KEY_FETCH_fetched && !holds_keys(source))
        report.result = KEY_FETCH_malformed;
    if (report.result == KEY_FETCH_fetched) {
        report.text = key_text_new(key_fetch_body(source->fetch));
        if (report.text == NULL)
            report.result = KEY_FETCH_out_of_memory;
    }
    tell_log(source, report.result);
    note_end(fetcher, source, report.result == KEY_FETCH_fetched);
    fetcher->options.on_report(fetcher->options.context, &report);
    if (report.text != NULL)
        key_text_drop(report.text);
}

static void finish_done(struct key_fetcher *fetcher)
{
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(fetcher->multi, &left)) != NULL) {
        char *owner = NULL;
        CURLcode code = message->data.result;
        CURL *curl = message->easy_handle;
        curl_easy_getinfo(curl, CURLINFO_PRIVATE, &owner);
        curl_multi_remove_handle(fetcher->multi, curl);
        finish(fetcher, (struct source *)(void *)owner, code);
    }
}

/* Until something is due; what happens after this wakes the poll. */
static int sleep_ms(struct key_fetcher *fetcher)
{
    uint64_t now_ms = clock_monotonic_ms();
    uint64_t least_ms = LONGEST_SLEEP_MS;
    pthread_mutex_lock(&fetcher->lock);
    for (size_t i = 0; i < fetcher->options.issuer_count; i++) {
        if (fetcher->sources[i].fetch == NULL)
            continue;
        uint64_t wait_ms = key_schedule_wait_ms(&fetcher->sources[i].schedule, now_ms);
        if (wait_ms < least_ms)
            least_ms = wait_ms;
    }
    if (fetcher->is_stopping)
        least_ms = 0;
    pthread_mutex_unlock(&fetcher->lock);
    return (int)least_ms;
}

static void *run(void *context)
{
    struct key_fetcher *fetcher = context;
    thread_set_name("key-fetcher");
    while (!is_stopping(fetcher)) {
        int running;
        begin_due(fetcher);
        curl_multi_perform(fetcher->multi, &running);
        finish_done(fetcher);
        curl_multi_poll(fetcher->multi, NULL, 0, sleep_ms(fetcher), NULL);
    }
    return NULL;
}

static void init_curl(void)
{
    CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

static void init_sources(struct key_fetcher *fetcher, uint64_t timeout_ms)
{
    uint64_t now_ms = clock_monotonic_ms();
    for (size_t i = 0; i < fetcher->options.issuer_count; i++) {
        const struct issuer *issuer = &fetcher->options.issuers[i];
        struct source *source = &fetcher->sources[i];
        if (issuer->source != ISSUER_KEYS_URL)
            continue;
        struct key_fetch_options options = {
            .url = issuer->place, .ca = issuer->ca, .timeout_ms = timeout_ms, .owner = source};
        source->fetch = key_fetch_new(&options);
        CHECK(source->fetch != NULL);
        source->alg = issuer->alg;
        source->schedule = key_schedule_starting(fetcher->options.limits, now_ms);
    }
}

/* Signals are for other threads; and a broken pipe is an error here, not an end. */
static int start_thread(struct key_fetcher *fetcher)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int err = pthread_create(&fetcher->thread, NULL, run, fetcher);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return err;
}

static void release(struct key_fetcher *fetcher)
{
    for (size_t i = 0; i < fetcher->options.issuer_count; i++)
        key_fetch_free(&fetcher->sources[i].fetch);
    curl_multi_cleanup(fetcher->multi);
    pthread_mutex_destroy(&fetcher->lock);
    mem_free(fetcher->sources);
    mem_free(fetcher);
}

struct key_fetcher *key_fetcher_new(const struct key_fetcher_options *options)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, init_curl);
    struct key_fetcher *fetcher = mem_must(sizeof *fetcher);
    fetcher->options = *options;
    fetcher->sources = mem_must((options->issuer_count + 1) * sizeof *fetcher->sources);
    fetcher->luck_key = hash_key_random();
    fetcher->multi = curl_multi_init();
    CHECK(fetcher->multi != NULL);
    pthread_mutex_init(&fetcher->lock, NULL);
    init_sources(fetcher, options->timeout_ms == 0 ? KEY_FETCHER_TIMEOUT_MS : options->timeout_ms);
    fetcher->options.issuers = NULL;
    if (start_thread(fetcher) == 0)
        return fetcher;
    LOG(LOG_ERROR, "auth.no_fetcher", NO_SESSION, "the system gave no thread to fetch keys in");
    release(fetcher);
    return NULL;
}

void key_fetcher_stop(struct key_fetcher *fetcher)
{
    if (fetcher->has_stopped)
        return;
    fetcher->has_stopped = true;
    pthread_mutex_lock(&fetcher->lock);
    fetcher->is_stopping = true;
    pthread_mutex_unlock(&fetcher->lock);
    curl_multi_wakeup(fetcher->multi);
    pthread_join(fetcher->thread, NULL);
}

void key_fetcher_free(struct key_fetcher **fetcher)
{
    struct key_fetcher *it = *fetcher;
    if (it == NULL)
        return;
    key_fetcher_stop(it);
    for (size_t i = 0; i < it->options.issuer_count; i++) {
        if (it->sources[i].schedule.is_fetching)
            curl_multi_remove_handle(it->multi, key_fetch_begin(it->sources[i].fetch));
    }
    release(it);
    *fetcher = NULL;
}

uint64_t key_fetcher_ask(struct key_fetcher *fetcher, size_t issuer)
{
    CHECK(issuer < fetcher->options.issuer_count);
    struct source *source = &fetcher->sources[issuer];
    if (source->fetch == NULL)
        return UINT64_MAX;
    pthread_mutex_lock(&fetcher->lock);
    uint64_t wait_ms = key_schedule_ask(&source->schedule, clock_monotonic_ms());
    pthread_mutex_unlock(&fetcher->lock);
    curl_multi_wakeup(fetcher->multi);
    return wait_ms;
}
