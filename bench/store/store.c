/*
 * store: how fast the store takes positions and how soon it is ready after a start.
 *
 *   store FOLDER [POSITIONS [RUNNERS [BATCH]]]      (1000000, 10000, 1000)
 *
 * Makes a store in FOLDER, which must not hold one, and leaves it there. CPU is that of the whole process, so also of making the
 * positions up; "a core" divides by it. Live: each runner in turn, so that each position belongs to another page of the file.
 * Upload: a batch is of one runner. Single: batches of one, many under way at a time.
 */
#include <inttypes.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "store/store.h"

#define UNDER_WAY 100000 /* positions at most */
#define SINGLES_UNDER_WAY 256
#define FIRST_MS INT64_C(1700000000000)

struct load {
    struct store *store;
    uint64_t positions;
    uint64_t runners;
    uint64_t batch;
    uint64_t sequence;
    sem_t free_batches;
};

struct moment {
    uint64_t wall_us;
    uint64_t cpu_us;
};

static struct moment now(void)
{
    struct rusage usage;
    CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
    uint64_t s = (uint64_t)usage.ru_utime.tv_sec + (uint64_t)usage.ru_stime.tv_sec;
    uint64_t us = (uint64_t)usage.ru_utime.tv_usec + (uint64_t)usage.ru_stime.tv_usec;
    return (struct moment){clock_monotonic_us(), s * 1000000 + us};
}

static void report(const char *what, uint64_t count, struct moment from, uint64_t commits)
{
    struct moment to = now();
    double wall_s = (double)(to.wall_us - from.wall_us) / 1e6;
    double cpu_s = (double)(to.cpu_us - from.cpu_us) / 1e6;
    printf("%-8s %8" PRIu64 " positions  %6.2f s  %8.0f/s  %8.0f/s a core  %6" PRIu64 " commits\n",
           what, count, wall_s, (double)count / wall_s, (double)count / cpu_s, commits);
    fflush(stdout);
}

static struct store_record record_of(struct load *load, uint64_t runner, int64_t time_ms)
{
    struct store_record record = {.received_ms = time_ms + 300};
    struct position *position = &record.position;
    runner_id_set_integer(&position->runner, (int64_t)(1000 + runner));
    position->time_ms = time_ms;
    position->sequence = ++load->sequence;
    position->detail = (struct position_detail){
        .has = POSITION_ACCURACY | POSITION_SPEED, .accuracy_cm = 480, .speed_cmps = 312};
    position_set_e7(position, (int32_t)(488567312 + time_ms % 100003),
                    (int32_t)(22927941 + (int64_t)runner));
    return record;
}

static void on_done(struct store_batch *batch, int err)
{
    struct load *load = batch->owner;
    CHECK(err == 0);
    mem_free(batch->records);
    mem_free(batch);
    sem_post(&load->free_batches);
}

static struct store_batch *new_batch(struct load *load, uint64_t count)
{
    struct store_batch *batch = mem_must(sizeof *batch);
    batch->records = mem_must(count * sizeof *batch->records);
    batch->count = count;
    batch->on_done = on_done;
    batch->owner = load;
    return batch;
}

enum shape { LIVE, UPLOAD, SINGLE };

/* Position `number` of all: which runner, and which second of the race. */
static struct store_record record_at(struct load *load, enum shape shape, uint64_t number)
{
    bool is_live = shape != UPLOAD;
    uint64_t runner = is_live ? number % load->runners : number / load->batch % load->runners;
    uint64_t second = is_live ? number / load->runners : number;
    int64_t after_ms = (int64_t)shape * 10000000000;
    return record_of(load, runner, FIRST_MS + after_ms + (int64_t)second * 1000);
}

static void put_all(struct load *load, enum shape shape, uint64_t positions, uint64_t batch_size,
                    uint64_t under_way)
{
    sem_init(&load->free_batches, 0, (unsigned)under_way);
    for (uint64_t number = 0; number < positions;) {
        uint64_t left = positions - number;
        struct store_batch *batch = new_batch(load, left < batch_size ? left : batch_size);
        for (uint64_t i = 0; i < batch->count; i++)
            batch->records[i] = record_at(load, shape, number++);
        sem_wait(&load->free_batches);
        CHECK(store_put(load->store, batch) == 0);
    }
    for (uint64_t i = 0; i < under_way; i++)
        sem_wait(&load->free_batches);
    sem_destroy(&load->free_batches);
}

static void measure_put(struct load *load, const char *name, enum shape shape, uint64_t positions,
                        uint64_t batch_size, uint64_t under_way)
{
    uint64_t commits = store_stats(load->store).commits;
    struct moment from = now();
    put_all(load, shape, positions, batch_size, under_way);
    report(name, positions, from, store_stats(load->store).commits - commits);
}

static bool count_newest(void *context, const struct store_record *record)
{
    (void)record;
    ++*(uint64_t *)context;
    return true;
}

static void open_store(struct load *load, const char *path)
{
    struct store_options options = {.path = path};
    struct store_trouble trouble;
    if (store_open(&options, &load->store, &trouble) < 0) {
        fprintf(stderr, "store: %s\n", trouble.text);
        exit(EXIT_FAILURE);
    }
}

static void measure_start(struct load *load, const char *path)
{
    uint64_t runners = 0;
    uint64_t start_us = clock_monotonic_us();
    store_close(&load->store);
    uint64_t closed_us = clock_monotonic_us();
    open_store(load, path);
    uint64_t opened_us = clock_monotonic_us();
    CHECK(store_each_newest(load->store, count_newest, &runners) == 0);
    uint64_t ready_us = clock_monotonic_us();
    printf("close %.3f s; open %.3f s and the newest of %" PRIu64 " runners %.3f s\n",
           (double)(closed_us - start_us) / 1e6, (double)(opened_us - closed_us) / 1e6, runners,
           (double)(ready_us - opened_us) / 1e6);
    fflush(stdout);
}

static uint64_t number_of(int argc, char **argv, int index, uint64_t otherwise)
{
    uint64_t number = index < argc ? strtoull(argv[index], NULL, 10) : otherwise;
    if (number > 0)
        return number;
    fprintf(stderr, "store: not a number: %s\n", argv[index]);
    exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
    char path[4096];
    if (argc < 2 || argc > 5) {
        fprintf(stderr, "usage: store FOLDER [POSITIONS [RUNNERS [BATCH]]]\n");
        return EXIT_FAILURE;
    }
    struct load load = {.positions = number_of(argc, argv, 2, 1000000),
                        .runners = number_of(argc, argv, 3, 10000),
                        .batch = number_of(argc, argv, 4, 1000)};
    snprintf(path, sizeof path, "%s/store.db", argv[1]);
    open_store(&load, path);
    uint64_t under_way = load.batch < UNDER_WAY ? UNDER_WAY / load.batch : 1;
    measure_put(&load, "live", LIVE, load.positions, load.batch, under_way);
    measure_start(&load, path);
    measure_put(&load, "upload", UPLOAD, load.positions, load.batch, under_way);
    measure_put(&load, "single", SINGLE, load.positions / 10, 1, SINGLES_UNDER_WAY);
    measure_start(&load, path);
    store_close(&load.store);
    return EXIT_SUCCESS;
}
