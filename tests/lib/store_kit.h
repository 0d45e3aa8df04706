/*
 * store_kit: a store in a folder of its own, driven as in a conversation: what is put or asked is waited for.
 */
#ifndef SPECTATE_TESTS_LIB_STORE_KIT_H
#define SPECTATE_TESTS_LIB_STORE_KIT_H

#include <pthread.h>
#include <semaphore.h>

#include "store/backup.h"
#include "store/change.h"
#include "store/reader.h"
#include "store/store.h"

#define STORE_KIT_SEEN 4096

/* What visits were shown. */
struct seen {
    struct store_record records[STORE_KIT_SEEN];
    size_t count;
    size_t enough; /* the visit says no more at so many; 0: never */
};

struct store_kit {
    char folder[64];
    char path[96];
    struct store_options options; /* for store_kit_open(); path is set */
    struct store *store;
    struct store_trouble trouble;
    struct seen seen;
    uint64_t sequence; /* of the last record that was made */
};

/* The store is not open. Aborts when there is no folder. */
struct store_kit *store_kit_new(void);
void store_kit_free(struct store_kit *kit);

/* As store_open(). */
int store_kit_open(struct store_kit *kit);
void store_kit_close(struct store_kit *kit);

/* Close it, if it is open, and open it, or die. */
void store_kit_reopen(struct store_kit *kit);

/* For TEST_SETUP and TEST_TEARDOWN: `*state` is a kit with an open store. */
int store_kit_set_up(void **state);
int store_kit_tear_down(void **state);

/* The next of origin 0: with a fix time, at some place that follows from the time. */
struct store_record store_kit_record(struct store_kit *kit, const char *runner, int64_t time_ms);

/* Put, and wait for what became of it. */
int store_kit_put(struct store_kit *kit, const struct store_record *records, size_t count);
int store_kit_put_one(struct store_kit *kit, const char *runner, int64_t time_ms);

/* Run it, and wait. */
typedef int kit_read_fn(struct store_reader *reader, void *ctx);
typedef int kit_change_fn(struct store_writer *writer, void *ctx);
int store_kit_ask(struct store_kit *kit, kit_read_fn *read, void *ctx);
int store_kit_change(struct store_kit *kit, kit_change_fn *change, void *ctx);

/* Reads into kit->seen, which is emptied before; their result. */
int store_kit_track(struct store_kit *kit, const char *runner);
int store_kit_newest(struct store_kit *kit);
int store_kit_check(struct store_kit *kit);

/* A visit; `seen` is a struct seen. */
bool seen_keep(void *seen, const struct store_record *record);

/* The writer waits from here until it is let go: what is put meanwhile stays in the queue. One at a time. */
struct held_writer {
    struct store_job job;
    sem_t has_begun;
    sem_t may_end;
    sem_t has_ended;
};
void store_kit_hold_writer(struct store_kit *kit, struct held_writer *held);
void store_kit_let_go(struct held_writer *held);

struct runner_id runner_of(const char *text);

#endif
