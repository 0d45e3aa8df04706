#include "bench/load/account.h"

#include "base/check.h"
#include "base/mem.h"

#define SEEN_BITS 32   /* how far behind the newest a copy can be told to be the first */
#define SENT_KEPT 32   /* stamps of a runner that copies are compared with */
#define STARS_KEPT 256 /* positions of runner 0 whose last copy is looked for */

/* A follower's view of one runner. Bit n of `seen`: the position n before the newest has arrived. */
struct pair {
    uint32_t newest;
    uint32_t seen;
};

struct runner {
    uint32_t last;      /* sequence number sent last */
    uint32_t first;     /* the first that is counted */
    uint32_t followers; /* that are counted */
    uint32_t sent_us[SENT_KEPT];
};

struct account {
    const struct crowd *crowd;
    bool has_star;
    bool has_begun;
    bool *excluded;
    struct runner *runners;
    struct pair *pairs; /* in the order of crowd->sets */
    struct account_totals totals;
    struct latency latency;
    struct latency star_latency;
    struct latency star_last;
    uint32_t star_last_us[STARS_KEPT]; /* by sequence - first: the age of the last copy so far */
};

struct account *account_new(const struct crowd *crowd, bool has_star)
{
    struct account *account = mem_must(sizeof *account);
    account->crowd = crowd;
    account->has_star = has_star;
    account->excluded = mem_must(crowd->followers * sizeof *account->excluded);
    account->runners = mem_must(crowd->runners * sizeof *account->runners);
    account->pairs = mem_must((size_t)crowd->followers * crowd->follow * sizeof *account->pairs);
    return account;
}

void account_free(struct account **account)
{
    if (*account == NULL)
        return;
    mem_free((*account)->excluded);
    mem_free((*account)->runners);
    mem_free((*account)->pairs);
    mem_free(*account);
    *account = NULL;
}

void account_exclude(struct account *account, uint32_t follower)
{
    CHECK(!account->has_begun);
    account->excluded[follower] = true;
}

void account_begin(struct account *account)
{
    const struct crowd *crowd = account->crowd;
    account->has_begun = true;
    for (uint32_t i = 0; i < crowd->runners; i++)
        account->runners[i].first = account->runners[i].last + 1;
    for (uint32_t i = 0; i < crowd->followers; i++)
        for (uint32_t k = 0; k < crowd->follow && !account->excluded[i]; k++)
            account->runners[crowd_set(crowd, i)[k]].followers++;
}

struct stamp account_send(struct account *account, uint32_t runner, uint64_t now_us)
{
    struct runner *it = &account->runners[runner];
    struct stamp stamp = {runner, ++it->last, stamp_clock(now_us)};
    it->sent_us[stamp.sequence % SENT_KEPT] = stamp.sent_us;
    if (account->has_begun) {
        account->totals.sent++;
        account->totals.expected += it->followers;
    }
    return stamp;
}

/* What is too long ago to be compared is believed. */
static bool was_sent(const struct account *account, const struct stamp *stamp)
{
    if (stamp->runner >= account->crowd->runners)
        return false;
    const struct runner *runner = &account->runners[stamp->runner];
    if (stamp->sequence > runner->last)
        return false;
    return runner->last - stamp->sequence >= SENT_KEPT ||
           runner->sent_us[stamp->sequence % SENT_KEPT] == stamp->sent_us;
}

/* True for a first copy. */
static bool note_copy(struct account *account, struct pair *pair, uint32_t sequence)
{
    if (sequence > pair->newest) {
        uint32_t step = sequence - pair->newest;
        pair->seen = (step < SEEN_BITS ? pair->seen << step : 0) | 1;
        pair->newest = sequence;
        return true;
    }
    uint32_t back = pair->newest - sequence;
    if (back >= SEEN_BITS) {
        account->totals.too_old++;
        return false;
    }
    if ((pair->seen >> back & 1) != 0) {
        account->totals.duplicates++;
        return false;
    }
    pair->seen |= UINT32_C(1) << back;
    account->totals.reordered++;
    return true;
}

static void note_latency(struct account *account, const struct stamp *stamp, uint32_t age_us)
{
    if (stamp->runner != 0 || !account->has_star) {
        latency_add(&account->latency, age_us);
        return;
    }
    uint32_t number = stamp->sequence - account->runners[0].first;
    latency_add(&account->star_latency, age_us);
    if (number < STARS_KEPT && age_us > account->star_last_us[number])
        account->star_last_us[number] = age_us;
}

void account_receive(struct account *account, uint32_t follower, const struct stamp *stamp,
                     uint64_t now_us)
{
    const struct crowd *crowd = account->crowd;
    if (!was_sent(account, stamp)) {
        account->totals.foreign++;
        return;
    }
    uint32_t place = crowd_find(crowd, follower, stamp->runner);
    if (place == crowd->follow) {
        account->totals.misdelivered++;
        return;
    }
    struct pair *pair = &account->pairs[(size_t)follower * crowd->follow + place];
    if (!note_copy(account, pair, stamp->sequence))
        return;
    if (!account->has_begun || stamp->sequence < account->runners[stamp->runner].first ||
        account->excluded[follower])
        return;
    account->totals.delivered++;
    note_latency(account, stamp, stamp_age_us(stamp->sent_us, now_us));
}

bool account_is_complete(const struct account *account)
{
    return account->totals.delivered == account->totals.expected;
}

static void count_stale(const struct account *account, uint32_t follower,
                        struct account_totals *totals)
{
    const struct crowd *crowd = account->crowd;
    const uint32_t *set = crowd_set(crowd, follower);
    for (uint32_t k = 0; k < crowd->follow; k++) {
        const struct runner *runner = &account->runners[set[k]];
        if (runner->last < runner->first)
            continue;
        totals->pairs++;
        if (account->pairs[(size_t)follower * crowd->follow + k].newest != runner->last)
            totals->stale++;
    }
}

struct account_totals account_totals(const struct account *account)
{
    struct account_totals totals = account->totals;
    for (uint32_t i = 0; i < account->crowd->followers; i++)
        if (!account->excluded[i])
            count_stale(account, i, &totals);
    return totals;
}

const struct latency *account_latency(const struct account *account)
{
    return &account->latency;
}

const struct latency *account_star_latency(const struct account *account)
{
    return &account->star_latency;
}

const struct latency *account_star_last(struct account *account)
{
    uint32_t sent = account->runners[0].last + 1 - account->runners[0].first;
    account->star_last = (struct latency){0};
    for (uint32_t i = 0; i < sent && i < STARS_KEPT; i++)
        latency_add(&account->star_last, account->star_last_us[i]);
    return &account->star_last;
}
