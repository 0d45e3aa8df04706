#include "store/queue.h"

#include <time.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"

struct store_batch *queue_batch(struct store_link *link)
{
    _Static_assert(offsetof(struct store_batch, link) == 0, "the link comes first");
    CHECK(link->kind == QUEUE_BATCH);
    return (struct store_batch *)link;
}

struct store_job *queue_job(struct store_link *link)
{
    _Static_assert(offsetof(struct store_job, link) == 0, "the link comes first");
    CHECK(link->kind != QUEUE_BATCH);
    return (struct store_job *)link;
}

/* --- waiting -------------------------------------------------------------------------------------------------------- */

/* Deadlines are on the clock that never steps; macOS has no other way to say so than a span of time. */
static void init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    CHECK(pthread_condattr_init(&attributes) == 0);
#ifndef __APPLE__
    CHECK(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
#endif
    CHECK(pthread_cond_init(condition, &attributes) == 0);
    pthread_condattr_destroy(&attributes);
}

static void wait_until(struct queue *queue, uint64_t until_us, uint64_t now_us)
{
#ifdef __APPLE__
    uint64_t us = until_us - now_us;
#else
    uint64_t us = until_us;
    (void)now_us;
#endif
    struct timespec time = {.tv_sec = (time_t)(us / 1000000),
                            .tv_nsec = (long)(us % 1000000) * 1000};
#ifdef __APPLE__
    pthread_cond_timedwait_relative_np(&queue->more, &queue->lock, &time);
#else
    pthread_cond_timedwait(&queue->more, &queue->lock, &time);
#endif
}

/* A job, and an end, are not kept waiting for more positions; nor is a group that is complete. */
static bool may_gather(const struct queue *queue)
{
    return !queue->is_closed && queue->waiting_jobs == 0 &&
           queue->waiting < queue->limits.group_positions;
}

/* The first may linger, unless somebody has come since who waits to be told. */
static uint64_t gathers_until_us(const struct queue *queue)
{
    const struct queue_limits *limits = &queue->limits;
    uint64_t lingers_us =
        limits->linger_us > limits->gather_us ? limits->linger_us : limits->gather_us;
    uint64_t until_us = queue->first->since_us + lingers_us;
    uint64_t awaited_us = queue->awaited_since_us + limits->gather_us;
    return queue->awaited > 0 && awaited_us < until_us ? awaited_us : until_us;
}

static void gather(struct queue *queue)
{
    uint64_t now_us;
    uint64_t until_us;
    while (may_gather(queue) &&
           (now_us = clock_monotonic_us()) < (until_us = gathers_until_us(queue)))
        wait_until(queue, until_us, now_us);
}

/* --- putting -------------------------------------------------------------------------------------------------------- */

void queue_init(struct queue *queue, const struct queue_limits *limits)
{
    *queue = (struct queue){.limits = *limits};
    queue->end = &queue->first;
    CHECK(pthread_mutex_init(&queue->lock, NULL) == 0);
    init_condition(&queue->more);
}

void queue_fini(struct queue *queue)
{
    CHECK(queue->first == NULL);
    pthread_cond_destroy(&queue->more);
    pthread_mutex_destroy(&queue->lock);
}

/* A batch that is larger than the bound is taken when nothing else is there. */
static int refuse(const struct queue *queue, size_t positions, size_t jobs)
{
    if (queue->is_closed)
        return ERR_CLOSED;
    size_t most = queue->limits.positions;
    bool has_room = positions == 0 || queue->positions == 0 ||
                    (queue->positions <= most && positions <= most - queue->positions);
    return has_room && queue->jobs + jobs <= queue->limits.jobs ? 0 : ERR_FULL;
}

static bool is_awaited(struct store_link *link)
{
    return link->kind == QUEUE_BATCH && !queue_batch(link)->may_linger;
}

/* True when the taker, which may sleep, has to look again. */
static bool append(struct queue *queue, struct store_link *link, size_t positions, size_t jobs)
{
    bool was_empty = queue->first == NULL;
    bool was_gathering = may_gather(queue);
    bool is_first_awaited = is_awaited(link) && queue->awaited++ == 0;
    if (is_first_awaited)
        queue->awaited_since_us = link->since_us;
    *queue->end = link;
    queue->end = &link->next;
    queue->positions += positions;
    queue->waiting += positions;
    queue->jobs += jobs;
    queue->waiting_jobs += jobs;
    return was_empty || jobs > 0 || is_first_awaited || (was_gathering && !may_gather(queue));
}

static int put(struct queue *queue, struct store_link *link, size_t positions, size_t jobs)
{
    link->next = NULL;
    link->since_us = clock_monotonic_us();
    pthread_mutex_lock(&queue->lock);
    int err = refuse(queue, positions, jobs);
    if (err == 0 && append(queue, link, positions, jobs))
        pthread_cond_signal(&queue->more);
    pthread_mutex_unlock(&queue->lock);
    return err;
}

int queue_put_batch(struct queue *queue, struct store_batch *batch)
{
    CHECK(batch->count > 0 && batch->on_done != NULL);
    batch->link.kind = QUEUE_BATCH;
    return put(queue, &batch->link, batch->count, 0);
}

int queue_put_job(struct queue *queue, struct store_job *job, enum queue_kind kind)
{
    job->link.kind = (uint8_t)kind;
    return put(queue, &job->link, 0, 1);
}

/* --- taking --------------------------------------------------------------------------------------------------------- */

static struct store_link *take_first(struct queue *queue)
{
    struct store_link *link = queue->first;
    queue->first = link->next;
    if (queue->first == NULL)
        queue->end = &queue->first;
    link->next = NULL;
    queue->awaited -= is_awaited(link);
    if (link->kind == QUEUE_BATCH)
        queue->waiting -= queue_batch(link)->count;
    else
        queue->waiting_jobs--;
    return link;
}

static void fill(struct queue *queue, struct queue_group *group)
{
    struct store_link **end = &group->first;
    bool is_last = false;
    while (queue->first != NULL && !is_last && group->positions < queue->limits.group_positions) {
        struct store_link *link = take_first(queue);
        if (link->kind == QUEUE_BATCH)
            group->positions += queue_batch(link)->count;
        else
            group->jobs++;
        is_last = link->kind == QUEUE_CHANGE;
        *end = link;
        end = &link->next;
    }
}

bool queue_take_group(struct queue *queue, struct queue_group *group)
{
    *group = (struct queue_group){0};
    pthread_mutex_lock(&queue->lock);
    while (queue->first == NULL && !queue->is_closed)
        pthread_cond_wait(&queue->more, &queue->lock);
    if (queue->first != NULL) {
        gather(queue);
        fill(queue, group);
    }
    pthread_mutex_unlock(&queue->lock);
    return group->first != NULL;
}

struct store_job *queue_take_job(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    while (queue->first == NULL && !queue->is_closed)
        pthread_cond_wait(&queue->more, &queue->lock);
    struct store_link *link = queue->first != NULL ? take_first(queue) : NULL;
    pthread_mutex_unlock(&queue->lock);
    return link != NULL ? queue_job(link) : NULL;
}

void queue_release(struct queue *queue, size_t positions, size_t jobs)
{
    pthread_mutex_lock(&queue->lock);
    CHECK(queue->positions >= positions && queue->jobs >= jobs);
    queue->positions -= positions;
    queue->jobs -= jobs;
    pthread_mutex_unlock(&queue->lock);
}

void queue_close(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->is_closed = true;
    pthread_cond_broadcast(&queue->more);
    pthread_mutex_unlock(&queue->lock);
}

struct queue_depth queue_depth(struct queue *queue)
{
    struct queue_depth depth = {0};
    pthread_mutex_lock(&queue->lock);
    depth.positions = queue->positions;
    depth.jobs = queue->jobs;
    if (queue->first != NULL)
        depth.oldest_us = clock_monotonic_us() - queue->first->since_us;
    pthread_mutex_unlock(&queue->lock);
    return depth;
}
