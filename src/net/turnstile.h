/*
 * turnstile: lets in so many a second, and so many in one turn of the loop; the others wait in a line.
 *
 * For what is costly and comes in storms: TLS handshakes. Pure: it is told the time, and asks for nothing. Single-threaded.
 */
#ifndef SPECTATE_NET_TURNSTILE_H
#define SPECTATE_NET_TURNSTILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One who comes, embedded in what it stands for. All zero: it is not in the line. */
struct visitor {
    struct visitor *prev; /* NULL: not in the line */
    struct visitor *next;
};

struct turnstile {
    uint64_t per_second; /* 0: no limit */
    size_t per_turn;
    void (*let_in)(struct visitor *visitor); /* one who waited; it is in the line no more */
    size_t left;                             /* in this turn */
    uint64_t due_us;      /* when the next would come, were all to come at the highest rate */
    struct visitor *line; /* the first is let in next */
    size_t waiting;       /* in the line */
};

/* All zero but the first three. */

/* True: go on at once. False: it waits in the line. */
bool turnstile_enter(struct turnstile *turnstile, struct visitor *visitor, uint64_t now_ms);

/* To the end of the line, at any rate. */
void turnstile_wait(struct turnstile *turnstile, struct visitor *visitor);
bool turnstile_is_waiting(const struct visitor *visitor);

/* Leave the line, when it is there. */
void turnstile_leave(struct turnstile *turnstile, struct visitor *visitor);

/*
 * A new turn: let in who waits, as many as may. When there is to be another turn for those who still wait: `now_ms` or before is
 * at once, UINT64_MAX is never, since nobody waits.
 */
uint64_t turnstile_turn(struct turnstile *turnstile, uint64_t now_ms);

#endif
