/*
 * store: the tracks on disk, and what is known of runners: one SQLite file in WAL mode.
 *
 * One thread writes. It takes all that waits, up to a bound, and commits it as one transaction that is on disk (fsync) before
 * anybody is told so: a crash, also of the machine, loses nothing that was acknowledged. Two threads read, each from the state
 * that was committed when its job began. Nobody who hands something over waits for the disk: queues are bounded, and a full one
 * is ERR_FULL.
 *
 * All that is handed over is taken in its order. So who asks sees all that was put before, and whoever applied a position after
 * it was put sees it in what it asks later.
 *
 * When the disk is full, broken or held by somebody else, the transaction is rolled back and its batches are told; the next are
 * tried again, so that all is well once the disk is. What was lost by that, or never put, is remembered by number
 * (store_note_lost()), so that a resume knows that it is not whole (store/reader.h).
 */
#ifndef SPECTATE_STORE_STORE_H
#define SPECTATE_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/cursor.h"
#include "proto/position.h"

struct store;
struct store_reader; /* store/reader.h */
struct store_writer; /* store/change.h */

#define STORE_QUEUED_POSITIONS 200000
#define STORE_QUEUED_JOBS 4096
#define STORE_BUSY_MS 5000
#define STORE_TROUBLE_BYTES 256

struct store_options {
    const char *path;        /* of the file, which is made when it is not there; its folder is */
    size_t queued_positions; /* that wait at most; 0: STORE_QUEUED_POSITIONS */
    size_t queued_jobs;      /* that wait or run at most; 0: STORE_QUEUED_JOBS */
    uint64_t
        gather_us; /* how long the first of a group waits for others, so that they share an fsync; 0: not */
    uint64_t
        linger_us; /* and how long it does while nobody waits for any of them; at least the same */
    uint64_t
        busy_ms; /* how long to wait for another process that holds the file; 0: STORE_BUSY_MS */
    const char *vfs; /* SQLite's name of a file system, for tests; NULL: the system's */
};

/* Why a store can't be had: one line for people, NUL-terminated; what is not printable ASCII is shown as ?. */
struct store_trouble {
    char text[STORE_TROUBLE_BYTES];
};

/* What cursors are bound to. `boot` counts from 1 how often the store was opened. */
struct store_identity {
    uint8_t id[CURSOR_IDENTITY_BYTES];
    uint32_t boot;
};

enum store_flag {
    STORE_LATE = 1, /* a newer one of the runner was known: of the track only, never in a resume */
    STORE_JUMP = 2, /* farther from the one before than anybody runs */
};

/*
 * A position in the store. lat and lng are kept in 10^-7 of a degree; one outside WGS 84 (position_to_e7()) is passed over, and
 * counts as stored. `boot` is the store's to fill in.
 */
struct store_record {
    struct position position;
    int64_t received_ms; /* UTC since 1970 */
    uint32_t boot; /* in which it was accepted; position.origin and .sequence are of this boot */
    uint8_t flags; /* enum store_flag, or-ed */
};

/* How the store keeps what it was handed. Its own, while it has it; need not be set. */
struct store_link {
    struct store_link *next;
    uint64_t since_us;
    uint8_t kind;
};

/*
 * Positions that are committed together. The key is (runner, time_ms): what is there already stays as it is, and counts as
 * stored; only where time_is_arrival, the new one takes its place.
 */
struct store_batch {
    struct store_link link;
    /*
     * In the writer's thread. 0: all are on disk. ERR_SYSTEM, ERR_NO_MEMORY, ERR_FORMAT (the file is damaged): none is; their
     * numbers are noted as lost. The batch is the callee's again. Must not block; may call store_put() and its like.
     */
    void (*on_done)(struct store_batch *batch, int err);
    void *owner;
    size_t count;                 /* at least 1 */
    struct store_record *records; /* unchanged until on_done */
    bool may_linger;              /* nobody waits to be told: see linger_us */
};

/* Something to be done in a thread of the store: `read` is for store_ask(), `change` for store_change(). */
struct store_job {
    struct store_link link;
    int (*read)(struct store_job *job, struct store_reader *reader);
    int (*change)(struct store_job *job, struct store_writer *writer);
    /*
     * In the same thread, when it is over. `err` is what read() or change() returned; or a failure like those of a batch: it could
     * not be run, or what it changed is not on disk. The job is the callee's again. Must not block.
     */
    void (*on_done)(struct store_job *job, int err);
    void *owner;
};

enum store_health {
    STORE_WELL,
    STORE_DISK_FULL, /* this and the next two: the last transaction failed for it */
    STORE_DISK_BROKEN,
    STORE_BUSY,    /* another process holds the file */
    STORE_DAMAGED, /* the file is not what it was: restore a backup. Stays so */
};

/* Running totals and gauges. Each is whole, but not all are of one moment. */
struct store_stats {
    enum store_health health;
    uint64_t stored;      /* positions acknowledged; with the next two */
    uint64_t duplicates;  /* of these: the runner had one of that time, which stayed */
    uint64_t passed_over; /* of these: outside WGS 84 */
    uint64_t refused;     /* positions of batches that failed */
    uint64_t erased;      /* positions, for their age or with their runner */
    uint64_t lost;        /* `refused`, and calls of store_note_lost() */
    uint64_t commits;     /* transactions that wrote, on disk */
    uint64_t commit_us;   /* time spent in them */
    uint64_t
        failures; /* transactions, reads and foldings of the log that failed for the disk or the file */
    size_t queued;      /* positions that wait or are being written */
    size_t queued_jobs; /* that wait or run */
    uint64_t oldest_us; /* for how long the first of what waits for the writer has */
};

/*
 * Open the file, bring it to this version's form, give this boot its number, and start the threads. Blocks on the disk. 0, or with
 * `trouble`: ERR_SYSTEM (no such folder, no right, disk full or broken, no thread), ERR_FORMAT (not a store, or damaged), ERR_INVALID
 * (written by a newer version), ERR_FULL (another process has it open), ERR_NO_MEMORY. What was there is then as it was.
 */
int store_open(const struct store_options *options, struct store **out,
               struct store_trouble *trouble);

/*
 * Take nothing more, do all that was taken, end the threads, tidy up the file. Blocks for that long. When nobody calls any more.
 * Nulls the caller's pointer; NULL inside is fine.
 */
void store_close(struct store **handle);

/* Borrowed, valid as long as the store; any thread. */
const struct store_identity *store_identity(const struct store *store);

/*
 * Visit the newest position of each runner that has one, in the caller's thread; for the start, before there is traffic. The
 * record is borrowed until return; false ends it. 0, ERR_SYSTEM, ERR_NO_MEMORY or ERR_FORMAT (damaged). Costs a seek for each runner.
 */
typedef bool store_visit_fn(void *ctx, const struct store_record *record);
int store_each_newest(struct store *store, store_visit_fn *visit, void *ctx);

/* The same, without those that erasing by this age (store/change.h; `limit` does not matter) would erase. */
struct store_erase_age;
int store_each_newest_within(struct store *store, const struct store_erase_age *age,
                             store_visit_fn *visit, void *ctx);

/* Any thread, never blocks on the disk. 0: it is the store's until on_done. ERR_FULL, ERR_CLOSED: still the caller's. */
int store_put(struct store *store, struct store_batch *batch);

/* The same. read() runs in a reader's thread once all that was put before is committed or refused, in one read transaction: briefly. */
int store_ask(struct store *store, struct store_job *job);

/*
 * The same. change() runs in the writer's thread, in a transaction of its own, after all that was handed over before. What it changed
 * is undone when it returns a failure. Nothing else is written meanwhile: briefly.
 */
int store_change(struct store *store, struct store_job *job);

/*
 * The position with this number of this boot was accepted and passed on, but is not and will not be put. A cursor before it can't
 * be resumed from any more. On disk with the next transaction that succeeds. Any thread.
 */
void store_note_lost(struct store *store, uint16_t origin, uint64_t sequence);

/* Any thread. */
struct store_stats store_stats(struct store *store);

#endif
