/*
 * ledger: who must get which position, and who got it: the exact account of a simulation.
 *
 * Users are numbered from 0 and publish under their number. User u follows u and the `follow` - 1 ids after it, of
 * which the last belong to nobody. A message of the `seed` dialect has no number of its own, so one is stamped into the
 * last digits of the coordinates: each receipt tells which position it is, whatever was lost, doubled or overtaken
 * before it.
 */
#ifndef SPECTATE_CLI_LEDGER_H
#define SPECTATE_CLI_LEDGER_H

#include <stdint.h>

struct ledger;

struct ledger_place {
    double lat_deg;
    double lng_deg;
};

struct ledger_totals {
    uint64_t published;
    uint64_t expected;  /* (position, follower) pairs */
    uint64_t delivered; /* of these, how many arrived, each counted once */
    uint64_t duplicates;
    uint64_t out_of_order; /* arrived after a later one of the same runner */
    uint64_t unexpected;   /* nobody published it, or this user does not follow its runner */
};

/* Owned by the caller. NULL: no memory for users * follow places. */
struct ledger *ledger_new(uint32_t users, uint32_t follow);
void ledger_free(struct ledger **ledger);

/*
 * The place that stands for `place` in the runner's next position: moved by less than 2 cm to a grid of 1e-7 degrees,
 * with the position's number below it. The same until ledger_publish().
 */
struct ledger_place ledger_stamp(const struct ledger *ledger, uint32_t runner,
                                 struct ledger_place place);

/* The runner published the stamped place. 0 or ERR_NO_MEMORY. */
int ledger_publish(struct ledger *ledger, uint32_t runner, struct ledger_place stamped,
                   uint64_t now_us);

enum ledger_verdict {
    LEDGER_DELIVERED,    /* in order */
    LEDGER_OUT_OF_ORDER, /* delivered too, but late */
    LEDGER_DUPLICATE,
    LEDGER_UNEXPECTED,
};

/* What a user got. */
struct ledger_receipt {
    uint32_t user;
    uint32_t runner;
    struct ledger_place place;
};

/* Account for it. Unless unexpected, `*published_us` says when it was published. */
enum ledger_verdict ledger_receive(struct ledger *ledger, const struct ledger_receipt *receipt,
                                   uint64_t *published_us);

struct ledger_totals ledger_totals(const struct ledger *ledger);

#endif
