#include "net/turnstile.h"

#include <utlist.h>

#define US_PER_S 1000000U

/* As if each let in took its share of a second; a second's worth may come at once. */
static bool may_enter(const struct turnstile *turnstile, uint64_t now_ms)
{
    return turnstile->per_second == 0 || turnstile->due_us <= now_ms * 1000 + US_PER_S;
}

static void count(struct turnstile *turnstile, uint64_t now_ms)
{
    turnstile->left--;
    if (turnstile->per_second == 0)
        return;
    uint64_t share_us = US_PER_S / turnstile->per_second;
    uint64_t from_us = turnstile->due_us > now_ms * 1000 ? turnstile->due_us : now_ms * 1000;
    turnstile->due_us = from_us + (share_us > 0 ? share_us : 1);
}

bool turnstile_enter(struct turnstile *turnstile, struct visitor *visitor, uint64_t now_ms)
{
    if (turnstile->line == NULL && turnstile->left > 0 && may_enter(turnstile, now_ms)) {
        count(turnstile, now_ms);
        return true;
    }
    turnstile_wait(turnstile, visitor);
    return false;
}

void turnstile_wait(struct turnstile *turnstile, struct visitor *visitor)
{
    DL_APPEND(turnstile->line, visitor);
    turnstile->waiting++;
}

bool turnstile_is_waiting(const struct visitor *visitor)
{
    return visitor->prev != NULL;
}

void turnstile_leave(struct turnstile *turnstile, struct visitor *visitor)
{
    if (!turnstile_is_waiting(visitor))
        return;
    DL_DELETE(turnstile->line, visitor);
    turnstile->waiting--;
    *visitor = (struct visitor){0};
}

uint64_t turnstile_turn(struct turnstile *turnstile, uint64_t now_ms)
{
    turnstile->left = turnstile->per_turn;
    while (turnstile->line != NULL && turnstile->left > 0 && may_enter(turnstile, now_ms)) {
        struct visitor *first = turnstile->line;
        count(turnstile, now_ms);
        turnstile_leave(turnstile, first);
        turnstile->let_in(first);
    }
    if (turnstile->line == NULL)
        return UINT64_MAX;
    if (may_enter(turnstile, now_ms))
        return now_ms;
    return (turnstile->due_us - US_PER_S + 999) / 1000;
}
