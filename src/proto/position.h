/*
 * position: one fix of one runner, and the id it is published under. Plain data, copied freely.
 */
#ifndef SPECTATE_PROTO_POSITION_H
#define SPECTATE_PROTO_POSITION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

#define RUNNER_ID_BYTES 64

/*
 * Two ids are the same runner when `len` and `text` are: 7 and "7" are, 7 and "07" are not. UTF-8, 1 to RUNNER_ID_BYTES
 * bytes, no NUL at the end.
 */
struct runner_id {
    uint8_t len;
    char text[RUNNER_ID_BYTES];
};

/*
 * A coordinate keeps its JSON kind, so that it goes out with the value it came in with: an integer of 64 bits does not fit a
 * double.
 */
struct coordinate {
    bool is_integer;
    union {
        int64_t integer;
        double real; /* finite */
    };
};

struct position {
    struct runner_id runner;
    bool runner_is_number; /* the publisher wrote the id as a JSON number, and so do we */
    struct coordinate lat; /* degrees, WGS 84; the seed dialect relays any finite number */
    struct coordinate lng;
    bool time_is_arrival; /* the dialect gives no fix time */
    int64_t time_ms;      /* fix time, UTC since 1970; where the dialect has none, arrival */
};

/* An id from a command line or a file, taken as it is. ERR_INVALID (`id` untouched) unless UTF-8 of 1 to RUNNER_ID_BYTES bytes. */
int runner_id_set(struct runner_id *id, struct span text);

void runner_id_set_integer(struct runner_id *id, int64_t number);

/* The text is just what runner_id_set_integer() makes of some number: it may be written as a JSON number. */
bool runner_id_is_integer(const struct runner_id *id);

#endif
