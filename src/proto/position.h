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

/* What a position may say besides: whole units, so that it goes out, and comes from the disk, just as it came in. */
enum position_detail_flag {
    POSITION_ALTITUDE = 1,
    POSITION_ACCURACY = 2,
    POSITION_SPEED = 4,
    POSITION_HEADING = 8,
    POSITION_BATTERY = 16,
};

#define POSITION_ALTITUDE_MIN_CM (-1200000)
#define POSITION_ALTITUDE_MAX_CM 10000000
#define POSITION_ACCURACY_MAX_CM 100000000
#define POSITION_SPEED_MAX_CMPS 100000
#define POSITION_HEADING_MAX_CDEG 35999

struct position_detail {
    uint8_t has; /* enum position_detail_flag, or-ed; what is not there is 0 */
    uint8_t battery_percent;
    uint16_t heading_cdeg; /* clockwise from north, hundredths of a degree */
    int32_t altitude_cm;   /* over the ellipsoid or the sea, as the phone has it */
    uint32_t accuracy_cm;  /* radius around it */
    uint32_t speed_cmps;   /* centimetres a second */
};

struct position {
    struct runner_id runner;
    bool runner_is_number; /* the publisher wrote the id as a JSON number, and so do we */
    bool time_is_arrival;  /* the dialect gives no fix time */
    uint16_t
        time_rest_us; /* of an arrival: microseconds beyond time_ms, so that two can be told apart */
    uint16_t origin;  /* index of the shard that accepted it */
    struct coordinate lat; /* degrees, WGS 84; the seed dialect relays any finite number */
    struct coordinate lng;
    int64_t time_ms;   /* fix time, UTC since 1970; where the dialect has none, arrival */
    uint64_t sequence; /* at its origin, which counts on with each; 0: not numbered */
    struct position_detail detail;
};

/* What is known of a runner by when it was last heard of. */
enum runner_status { RUNNER_LIVE, RUNNER_STALE, RUNNER_LOST };

#define POSITION_E7 10000000 /* units of a degree, where coordinates are integers */

/*
 * Where it is, in 10^-7 of a degree, to the nearest (halves away from 0). False, and nothing written: outside WGS 84 (latitude over
 * 90, longitude over 180), where nothing can be drawn.
 */
bool position_to_e7(const struct position *position, int32_t *lat_e7, int32_t *lng_e7);

/* The other way; position_to_e7() of it gives the same again. */
void position_set_e7(struct position *position, int32_t lat_e7, int32_t lng_e7);

/* An id from a command line or a file, taken as it is. ERR_INVALID (`id` untouched) unless UTF-8 of 1 to RUNNER_ID_BYTES bytes. */
int runner_id_set(struct runner_id *id, struct span text);

void runner_id_set_integer(struct runner_id *id, int64_t number);

/* The text is just what runner_id_set_integer() makes of some number: it may be written as a JSON number. */
bool runner_id_is_integer(const struct runner_id *id);

#endif
