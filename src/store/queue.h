/*
 * queue: what was handed to a thread of the store and waits, in its order; bounded by positions and by jobs.
 *
 * What was taken out still counts until it is given back (queue_release()): it holds as much memory as what waits. Any thread.
 */
#ifndef SPECTATE_STORE_QUEUE_H
#define SPECTATE_STORE_QUEUE_H

#include <pthread.h>

#include "store/store.h"

enum queue_kind { QUEUE_BATCH, QUEUE_ASK, QUEUE_CHANGE };

struct queue_limits {
    size_t positions;
    size_t jobs;
    size_t group_positions; /* one queue_take_group() ends when it has as many */
    uint64_t gather_us;     /* see struct store_options */
    uint64_t linger_us;
};

struct queue {
    struct queue_limits limits;
    pthread_mutex_t lock;
    pthread_cond_t more;      /* the taker sleeps on it */
    struct store_link *first; /* under the lock, as all below */
    struct store_link **end;
    size_t waiting;            /* positions of what is in the list */
    size_t awaited;            /* batches in the list that may not linger */
    uint64_t awaited_since_us; /* when the first of them came, or one that has been taken since */
    size_t positions;          /* of that and of what was taken */
    size_t jobs;
    size_t waiting_jobs;
    bool is_closed;
};

/* What is done at a time: batches and asks, and at most one change, which is its last. */
struct queue_group {
    struct store_link *first;
    size_t positions;
    size_t jobs;
};

void queue_init(struct queue *queue, const struct queue_limits *limits);
void queue_fini(struct queue *queue);

/* 0, ERR_FULL or ERR_CLOSED. */
int queue_put_batch(struct queue *queue, struct store_batch *batch);
int queue_put_job(struct queue *queue, struct store_job *job, enum queue_kind kind);

/* Wait for something. False: there is nothing, and nothing will come. One taker at a time. */
bool queue_take_group(struct queue *queue, struct queue_group *group);

/* Wait for the first job and take it; NULL: there is nothing, and nothing will come. Any number of takers. */
struct store_job *queue_take_job(struct queue *queue);

/* So much of what was taken is over. */
void queue_release(struct queue *queue, size_t positions, size_t jobs);

/* Nothing more is put; what is there can still be taken. */
void queue_close(struct queue *queue);

struct queue_depth {
    size_t positions;
    size_t jobs;
    uint64_t oldest_us; /* for how long the first has waited */
};
struct queue_depth queue_depth(struct queue *queue);

/* What the link is in. */
struct store_batch *queue_batch(struct store_link *link);
struct store_job *queue_job(struct store_link *link);

#endif
