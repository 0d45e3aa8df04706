#include "app/relay.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"

#define HASH_NONFATAL_OOM 1
#define uthash_malloc(bytes) mem_try(bytes)
#define uthash_free(memory, bytes) mem_free(memory)
#define HASH_FUNCTION(key, len, hash) ((hash) = hash_for_table((key), (len)))
#include <uthash.h>

#define QUEUED_POSITIONS_MAX 65536

struct queued {
    struct queued *next;
    struct parcel *parcel; /* held, until it is posted */
    size_t positions;      /* in it */
};

/* What waits for one worker. */
struct route {
    struct relay_end to;
    struct queued *first;
    struct queued *last;
    size_t positions;
    size_t squash_at; /* positions; grows when squashing has not helped */
};

struct relay {
    struct buf gathered; /* struct position, one after the other */
    size_t route_count;
    struct route routes[];
};

struct relay *relay_new(const struct relay_end *to, size_t count)
{
    struct relay *relay = mem_must(sizeof *relay + count * sizeof relay->routes[0]);
    relay->route_count = count;
    for (size_t i = 0; i < count; i++)
        relay->routes[i] = (struct route){.to = to[i], .squash_at = QUEUED_POSITIONS_MAX};
    return relay;
}

static void parcel_drop(struct parcel *parcel)
{
    if (atomic_fetch_sub(&parcel->holders, 1) == 1)
        mem_free(parcel);
}

void relay_received(_Atomic size_t *unread, struct parcel *parcel)
{
    atomic_fetch_sub(unread, parcel->count);
    parcel_drop(parcel);
}

static struct parcel *parcel_new(size_t positions, size_t holders)
{
    struct parcel *parcel = mem_try(sizeof *parcel + positions * sizeof parcel->positions[0]);
    if (parcel == NULL)
        return NULL;
    atomic_init(&parcel->holders, holders);
    parcel->mail.kind = MAIL_POSITIONS;
    parcel->count = positions;
    return parcel;
}

int relay_add(struct relay *relay, const struct position *position)
{
    if (relay->route_count == 0)
        return 0;
    return buf_append(&relay->gathered, span_of(position, sizeof *position));
}

/* --- one route ------------------------------------------------------------------------------------------------------ */

static struct parcel *pop(struct route *route)
{
    struct queued *first = route->first;
    struct parcel *parcel = first->parcel;
    route->first = first->next;
    route->positions -= first->positions;
    mem_free(first);
    return parcel;
}

static void push(struct route *route, struct parcel *parcel)
{
    struct queued *queued = mem_must(sizeof *queued);
    queued->parcel = parcel;
    queued->positions = parcel->count;
    if (route->first == NULL)
        route->first = queued;
    else
        route->last->next = queued;
    route->last = queued;
    route->positions += queued->positions;
}

/* Counted before it is there, so that the receiver never counts below 0; several senders may go over the limit by a parcel each. */
static int post(const struct relay_end *to, struct parcel *parcel)
{
    size_t count = parcel->count;
    size_t unread = atomic_fetch_add(to->unread, count);
    bool is_full = unread > 0 && unread + count > RELAY_UNREAD_MAX;
    int err = is_full ? ERR_FULL : worker_post(to->worker, &parcel->mail);
    if (err < 0)
        atomic_fetch_sub(to->unread, count);
    return err;
}

/* Once posted, a parcel is the receiver's. A worker that has stopped needs nothing any more. */
static void post_queued(struct route *route)
{
    while (route->first != NULL) {
        struct parcel *parcel = route->first->parcel;
        int err = post(&route->to, parcel);
        if (err == ERR_FULL || err == ERR_NO_MEMORY)
            return;
        pop(route);
        if (err < 0)
            parcel_drop(parcel);
    }
    route->squash_at = QUEUED_POSITIONS_MAX;
}

/* --- squash --------------------------------------------------------------------------------------------------------- */

struct seen {
    const struct position *newest;
    UT_hash_handle hh;
};

/* In `seen` (as many as there are positions) note the last position of each runner; returns how many runners. */
static size_t find_newest(const struct route *route, struct seen *seen)
{
    struct seen *table = NULL;
    size_t runners = 0;
    for (const struct queued *at = route->first; at != NULL; at = at->next) {
        for (size_t i = 0; i < at->parcel->count; i++) {
            const struct position *position = &at->parcel->positions[i];
            struct seen *found = NULL;
            HASH_FIND(hh, table, position->runner.text, position->runner.len, found);
            if (found == NULL) {
                found = &seen[runners++];
                HASH_ADD_KEYPTR(hh, table, position->runner.text, position->runner.len, found);
            }
            found->newest = position;
        }
    }
    HASH_CLEAR(hh, table);
    return runners;
}

static int by_number(const void *a, const void *b)
{
    uint64_t left = ((const struct position *)a)->sequence;
    uint64_t right = ((const struct position *)b)->sequence;
    return (left > right) - (left < right);
}

/* The queue becomes one parcel with the newest position of each runner, in the order of their numbers. Without memory it stays as it is. */
static size_t squash(struct route *route)
{
    size_t before = route->positions;
    struct seen *seen = mem_try(before * sizeof *seen);
    size_t runners = seen != NULL ? find_newest(route, seen) : 0;
    struct parcel *parcel = runners > 0 ? parcel_new(runners, 1) : NULL;
    for (size_t i = 0; parcel != NULL && i < runners; i++)
        parcel->positions[i] = *seen[i].newest;
    if (parcel != NULL)
        qsort(parcel->positions, runners, sizeof parcel->positions[0], by_number);
    mem_free(seen);
    if (parcel == NULL)
        return 0;
    while (route->first != NULL)
        parcel_drop(pop(route));
    push(route, parcel);
    route->squash_at = runners + QUEUED_POSITIONS_MAX;
    return before - runners;
}

/* --- all routes ----------------------------------------------------------------------------------------------------- */

/* Without memory for a parcel the turn's positions wait for the next turn. */
static void seal(struct relay *relay)
{
    size_t count = relay->gathered.len / sizeof(struct position);
    struct parcel *parcel = count > 0 ? parcel_new(count, relay->route_count) : NULL;
    if (parcel == NULL)
        return;
    memcpy(parcel->positions, relay->gathered.data, relay->gathered.len);
    relay->gathered.len = 0;
    for (size_t i = 0; i < relay->route_count; i++)
        push(&relay->routes[i], parcel);
}

size_t relay_post(struct relay *relay, bool *has_more)
{
    size_t squashed = 0;
    seal(relay);
    *has_more = relay->gathered.len > 0;
    for (size_t i = 0; i < relay->route_count; i++) {
        struct route *route = &relay->routes[i];
        post_queued(route);
        if (route->positions > route->squash_at)
            squashed += squash(route);
        *has_more |= route->first != NULL;
    }
    return squashed;
}

void relay_free(struct relay **relay)
{
    struct relay *it = *relay;
    if (it == NULL)
        return;
    for (size_t i = 0; i < it->route_count; i++)
        while (it->routes[i].first != NULL)
            parcel_drop(pop(&it->routes[i]));
    buf_fini(&it->gathered);
    mem_free(it);
    *relay = NULL;
}
