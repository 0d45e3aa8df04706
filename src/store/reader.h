/*
 * reader: what a job of store_ask() may read. All of one job is of one moment.
 *
 * A visit borrows what it is shown until it returns, ends the reading by returning false, and must not
 * read itself. Functions return 0 or more, or
 * ERR_SYSTEM, ERR_NO_MEMORY, ERR_FORMAT (damaged), and what they say themselves. A job reads some thousands of rows and asks anew for more: as long as
 * it runs, the log can't be folded into the file.
 */
#ifndef SPECTATE_STORE_READER_H
#define SPECTATE_STORE_READER_H

#include "base/span.h"
#include "store/store.h"

/* The newest position by fix time. 1, or 0: there is none. */
int store_read_newest(struct store_reader *reader, const struct runner_id *runner,
                      store_visit_fn *visit, void *ctx);

/* A part of a track. Times are UTC since 1970. The next page begins behind the last one that was visited. */
struct store_track {
    struct runner_id runner;
    int64_t from_ms;  /* of this time or later */
    int64_t until_ms; /* before this time */
    size_t limit;
};

/* Oldest first. Returns how many were visited: with fewer than `limit`, that is all. */
int store_read_track(struct store_reader *reader, const struct store_track *track,
                     store_visit_fn *visit, void *ctx);

/* What a part of a track amounts to: when nothing of it has changed it is the same, and after a change almost surely not. */
struct store_extent {
    uint64_t count;
    uint64_t mark;
};

/* Of all between the times of `track`, whose limit does not matter. 1, or 0: there is no such runner. Costs a look at each row. */
int store_read_extent(struct store_reader *reader, const struct store_track *track,
                      struct store_extent *extent);

/*
 * May a resume from this cursor be whole? False: something behind it was lost or erased by age, or it is of another store or a later
 * boot. To be asked in the job that reads, once for all runners. 1, 0 or a failure.
 */
int store_is_whole_since(struct store_reader *reader, const struct cursor *after);

struct store_since {
    struct runner_id runner;
    const struct cursor *after; /* what the client has; borrowed */
    const struct cursor *upto;  /* what comes to it otherwise begins here; borrowed; of this boot */
    size_t limit;
};

/*
 * The live positions (not STORE_LATE) that lie behind `after` and not behind `upto`, oldest first. Returns how many were visited;
 * ERR_TOO_MANY: there are more than `limit` (or four times as many rows lie between), and none was visited.
 *
 * Costs what is between: it goes back from the newest to the first live one that `after` holds. For live ones of a runner that came
 * by several shards at a time this is what the live stream does, too: it never goes back in time.
 */
int store_read_since(struct store_reader *reader, const struct store_since *since,
                     store_visit_fn *visit, void *ctx);

#define STORE_TEXT_BYTES 256 /* of a name, bib, colour or group */
#define STORE_GROUPS_MAX 64  /* of a runner */

/* What is known of a runner. Texts are UTF-8; an empty one is not known. */
struct store_runner {
    struct runner_id id;
    struct span name;
    struct span bib;
    struct span colour;
    const struct span *groups; /* in order of their bytes, when read; none empty */
    size_t group_count;
};

typedef bool store_runner_fn(void *ctx, const struct store_runner *runner);

/* 1, or 0: neither a position nor anything else is known of it. */
int store_read_runner(struct store_reader *reader, const struct runner_id *id,
                      store_runner_fn *visit, void *ctx);

struct store_runners {
    struct runner_id after; /* behind this id; len 0: from the first */
    struct span group;      /* those of it; empty: all */
    size_t limit;
};

/* In order of the bytes of their ids. Returns how many were visited: with fewer than `limit`, that is all. */
int store_read_runners(struct store_reader *reader, const struct store_runners *runners,
                       store_runner_fn *visit, void *ctx);

#endif
