#include "cli/ledger.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"

/* Two digits of the number go below the grid of the latitude, two below the longitude's. */
#define STAMP_PART 100U
#define STAMP_PERIOD (STAMP_PART * STAMP_PART)
#define GRID_PER_DEGREE 1e7
#define STAMP_PER_DEGREE 1e9

struct sent {
    struct ledger_place place;
    uint64_t at_us;
};

struct runner {
    struct sent *sent; /* owned; in order of publishing */
    uint32_t count;
    uint32_t capacity;
};

/* Numbers that were passed over: `from` up to but without `to`. */
struct gap {
    uint32_t from;
    uint32_t to;
};

/* What one user got of one runner: everything below `next` that is in no gap. */
struct slot {
    struct gap *gaps; /* owned; by number */
    uint32_t gap_count;
    uint32_t next;
};

struct ledger {
    struct runner *runners; /* owned */
    struct slot *slots;     /* owned; [user * follow + (runner - user)] */
    uint32_t users;
    uint32_t follow;
    struct ledger_totals totals;
};

struct ledger *ledger_new(uint32_t users, uint32_t follow)
{
    struct ledger *ledger = mem_try(sizeof *ledger);
    if (ledger == NULL)
        return NULL;
    ledger->users = users;
    ledger->follow = follow;
    ledger->runners = mem_try(users * sizeof *ledger->runners);
    ledger->slots = mem_try((size_t)users * follow * sizeof *ledger->slots);
    if (ledger->runners == NULL || ledger->slots == NULL)
        ledger_free(&ledger);
    return ledger;
}

void ledger_free(struct ledger **ledger)
{
    struct ledger *old = *ledger;
    *ledger = NULL;
    if (old == NULL)
        return;
    for (uint32_t i = 0; old->runners != NULL && i < old->users; i++)
        mem_free(old->runners[i].sent);
    for (size_t i = 0; old->slots != NULL && i < (size_t)old->users * old->follow; i++)
        mem_free(old->slots[i].gaps);
    mem_free(old->runners);
    mem_free(old->slots);
    mem_free(old);
}

static double stamp(double deg, uint32_t part)
{
    double grid = round(fabs(deg) * GRID_PER_DEGREE);
    double stamped = (grid * STAMP_PART + part) / STAMP_PER_DEGREE;
    return signbit(deg) ? -stamped : stamped;
}

/* Of what a server says: any number at all. */
static uint32_t stamp_of(double deg)
{
    if (!(fabs(deg) <= 1e6))
        return 0;
    return (uint32_t)fmod(round(fabs(deg) * STAMP_PER_DEGREE), STAMP_PART);
}

struct ledger_place ledger_stamp(const struct ledger *ledger, uint32_t runner,
                                 struct ledger_place place)
{
    CHECK(runner < ledger->users);
    uint32_t number = ledger->runners[runner].count % STAMP_PERIOD;
    return (struct ledger_place){
        .lat_deg = stamp(place.lat_deg, number % STAMP_PART),
        .lng_deg = stamp(place.lng_deg, number / STAMP_PART),
    };
}

static int make_room(struct runner *runner)
{
    if (runner->count < runner->capacity)
        return 0;
    uint32_t capacity = runner->capacity == 0 ? 16 : runner->capacity * 2;
    struct sent *sent = mem_try_resize(runner->sent, capacity * sizeof *sent);
    if (sent == NULL)
        return ERR_NO_MEMORY;
    runner->sent = sent;
    runner->capacity = capacity;
    return 0;
}

/* Users runner - follow + 1 to runner follow it, as far as they exist. */
static uint32_t followers_of(const struct ledger *ledger, uint32_t runner)
{
    return runner < ledger->follow ? runner + 1 : ledger->follow;
}

int ledger_publish(struct ledger *ledger, uint32_t runner, struct ledger_place stamped,
                   uint64_t now_us)
{
    CHECK(runner < ledger->users);
    struct runner *publisher = &ledger->runners[runner];
    int err = make_room(publisher);
    if (err < 0)
        return err;
    publisher->sent[publisher->count++] = (struct sent){.place = stamped, .at_us = now_us};
    ledger->totals.published++;
    ledger->totals.expected += followers_of(ledger, runner);
    return 0;
}

static bool is_sent(const struct runner *runner, uint32_t number, struct ledger_place place)
{
    const struct ledger_place *sent = &runner->sent[number].place;
    return sent->lat_deg == place.lat_deg && sent->lng_deg == place.lng_deg;
}

/* The number that the receipt is stamped with, or runner->count: never sent. */
static uint32_t find_number(const struct runner *runner, uint32_t next, struct ledger_place place)
{
    if (next < runner->count && is_sent(runner, next, place))
        return next;
    uint32_t number = stamp_of(place.lat_deg) + STAMP_PART * stamp_of(place.lng_deg);
    while (number < runner->count && !is_sent(runner, number, place))
        number += STAMP_PERIOD;
    return number < runner->count ? number : runner->count;
}

static void insert_gap(struct slot *slot, uint32_t at, struct gap gap)
{
    size_t bytes = ((size_t)slot->gap_count + 1) * sizeof *slot->gaps;
    struct gap *gaps = mem_try_resize(slot->gaps, bytes);
    CHECK(gaps != NULL); /* our own account, some bytes: without it the result would be wrong */
    memmove(&gaps[at + 1], &gaps[at], (slot->gap_count - at) * sizeof *gaps);
    gaps[at] = gap;
    slot->gaps = gaps;
    slot->gap_count++;
}

static void remove_gap(struct slot *slot, uint32_t at)
{
    slot->gap_count--;
    memmove(&slot->gaps[at], &slot->gaps[at + 1], (slot->gap_count - at) * sizeof *slot->gaps);
}

/* A number that was passed over arrived after all. False: it was there already. */
static bool fill_gap(struct slot *slot, uint32_t number)
{
    uint32_t at = 0;
    while (at < slot->gap_count && slot->gaps[at].to <= number)
        at++;
    if (at == slot->gap_count || slot->gaps[at].from > number)
        return false;
    struct gap gap = slot->gaps[at];
    if (gap.from == number && gap.to == number + 1) {
        remove_gap(slot, at);
    } else if (gap.from == number) {
        slot->gaps[at].from++;
    } else {
        slot->gaps[at].to = number;
        if (gap.to > number + 1)
            insert_gap(slot, at + 1, (struct gap){.from = number + 1, .to = gap.to});
    }
    return true;
}

static enum ledger_verdict account(struct slot *slot, uint32_t number)
{
    if (number < slot->next)
        return fill_gap(slot, number) ? LEDGER_OUT_OF_ORDER : LEDGER_DUPLICATE;
    if (number > slot->next)
        insert_gap(slot, slot->gap_count, (struct gap){.from = slot->next, .to = number});
    slot->next = number + 1;
    return LEDGER_DELIVERED;
}

static void count(struct ledger_totals *totals, enum ledger_verdict verdict)
{
    totals->delivered += verdict == LEDGER_DELIVERED || verdict == LEDGER_OUT_OF_ORDER;
    totals->out_of_order += verdict == LEDGER_OUT_OF_ORDER;
    totals->duplicates += verdict == LEDGER_DUPLICATE;
    totals->unexpected += verdict == LEDGER_UNEXPECTED;
}

static struct slot *find_slot(const struct ledger *ledger, const struct ledger_receipt *receipt)
{
    if (receipt->runner >= ledger->users || receipt->runner < receipt->user ||
        receipt->runner - receipt->user >= ledger->follow)
        return NULL;
    size_t first = (size_t)receipt->user * ledger->follow;
    return &ledger->slots[first + (receipt->runner - receipt->user)];
}

enum ledger_verdict ledger_receive(struct ledger *ledger, const struct ledger_receipt *receipt,
                                   uint64_t *published_us)
{
    CHECK(receipt->user < ledger->users);
    enum ledger_verdict verdict = LEDGER_UNEXPECTED;
    struct slot *slot = find_slot(ledger, receipt);
    if (slot != NULL) {
        const struct runner *runner = &ledger->runners[receipt->runner];
        uint32_t number = find_number(runner, slot->next, receipt->place);
        if (number < runner->count) {
            *published_us = runner->sent[number].at_us;
            verdict = account(slot, number);
        }
    }
    count(&ledger->totals, verdict);
    return verdict;
}

struct ledger_totals ledger_totals(const struct ledger *ledger)
{
    return ledger->totals;
}
