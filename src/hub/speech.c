#include "hub/speech.h"

#include "base/check.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"

#define FIRST_BUCKETS 16

struct speech *speech_new(const struct hub_dialect *dialect, uint32_t pace_ms)
{
    struct speech *speech = mem_try(sizeof *speech);
    if (speech == NULL)
        return NULL;
    speech->dialect = dialect;
    speech->pace_ms = pace_ms;
    return speech;
}

void speech_free(struct speech **speech)
{
    struct speech *it = *speech;
    if (it == NULL)
        return;
    CHECK(it->audience_count == 0);
    for (size_t i = 0; i < it->waiting_count; i++) {
        it->waiting[i]->is_waiting = false;
        audience_free_if_left(it->waiting[i]);
    }
    mem_free(it->waiting);
    mem_free(it->buckets);
    buf_fini(&it->frame);
    mem_free(it);
    *speech = NULL;
}

int speech_encode(struct speech *speech, const struct position *position, uint64_t version)
{
    if (speech->frame_version == version)
        return 0;
    speech->frame.len = 0;
    speech->frame_version = 0;
    int err = speech->dialect->encode(position, &speech->frame);
    if (err == 0)
        speech->frame_version = version;
    return err;
}

/* --- the table ------------------------------------------------------------------------------------------------------ */

uint32_t speech_hash(struct runner *const *runners, uint32_t count)
{
    return hash_for_table(runners, count * sizeof(struct runner *));
}

static struct audience **bucket_of(const struct speech *speech, uint32_t hash)
{
    return &speech->buckets[hash & (speech->bucket_count - 1)];
}

struct audience *speech_find(const struct speech *speech, uint32_t hash,
                             struct runner *const *runners, uint32_t count)
{
    struct audience *at = speech->bucket_count > 0 ? *bucket_of(speech, hash) : NULL;
    for (; at != NULL; at = at->next_in_bucket)
        if (at->hash == hash && at->runner_count == count &&
            memcmp(at->runners, runners, count * sizeof(struct runner *)) == 0)
            return at;
    return NULL;
}

static void put(struct speech *speech, struct audience *audience)
{
    struct audience **bucket = bucket_of(speech, audience->hash);
    audience->next_in_bucket = *bucket;
    *bucket = audience;
}

/* With one audience to a bucket on average, the chains stay short; the hash is keyed, so nobody can make them long. */
static int resize(struct speech *speech, size_t bucket_count)
{
    struct audience **old = speech->buckets;
    size_t old_count = speech->bucket_count;
    struct audience **buckets = mem_try(bucket_count * sizeof(struct audience *));
    if (buckets == NULL)
        return ERR_NO_MEMORY;
    speech->buckets = buckets;
    speech->bucket_count = bucket_count;
    for (size_t i = 0; i < old_count; i++) {
        for (struct audience *at = old[i], *next; at != NULL; at = next) {
            next = at->next_in_bucket;
            put(speech, at);
        }
    }
    mem_free(old);
    return 0;
}

int speech_add(struct speech *speech, struct audience *audience)
{
    if (speech->audience_count >= speech->bucket_count) {
        size_t bucket_count = speech->bucket_count == 0 ? FIRST_BUCKETS : speech->bucket_count * 2;
        int err = resize(speech, bucket_count);
        if (err < 0 && speech->bucket_count == 0)
            return err;
    }
    put(speech, audience);
    speech->audience_count++;
    return 0;
}

void speech_remove(struct speech *speech, struct audience *audience)
{
    struct audience **at = bucket_of(speech, audience->hash);
    while (*at != audience)
        at = &(*at)->next_in_bucket;
    *at = audience->next_in_bucket;
    speech->audience_count--;
    if (speech->bucket_count > FIRST_BUCKETS && speech->audience_count < speech->bucket_count / 4)
        (void)resize(speech, speech->bucket_count / 2); /* without memory it stays large */
}

static struct audience *first_from(const struct speech *speech, size_t bucket)
{
    for (; bucket < speech->bucket_count; bucket++)
        if (speech->buckets[bucket] != NULL)
            return speech->buckets[bucket];
    return NULL;
}

struct audience *speech_first(const struct speech *speech)
{
    return first_from(speech, 0);
}

struct audience *speech_next(const struct speech *speech, const struct audience *audience)
{
    if (audience->next_in_bucket != NULL)
        return audience->next_in_bucket;
    return first_from(speech, (audience->hash & (speech->bucket_count - 1)) + 1);
}

/* --- waiting for a tick --------------------------------------------------------------------------------------------- */

int speech_reserve_waiting(struct speech *speech)
{
    if (speech->waiting_count < speech->waiting_capacity)
        return 0;
    size_t capacity = speech->waiting_capacity == 0 ? 4 : speech->waiting_capacity * 2;
    struct audience **waiting =
        mem_try_resize(speech->waiting, capacity * sizeof(struct audience *));
    if (waiting == NULL)
        return ERR_NO_MEMORY;
    speech->waiting = waiting;
    speech->waiting_capacity = capacity;
    return 0;
}

void speech_wait(struct speech *speech, struct audience *audience, uint64_t now_ms)
{
    if (audience->is_waiting)
        return;
    CHECK(speech->waiting_count < speech->waiting_capacity);
    if (speech->waiting_count == 0)
        speech->next_tick_ms = (now_ms / speech->pace_ms + 1) * speech->pace_ms;
    audience->is_waiting = true;
    speech->waiting[speech->waiting_count++] = audience;
}
