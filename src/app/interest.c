#include "app/interest.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/mem.h"

#define PLACES 65536

struct interest {
    _Atomic uint32_t workers[PLACES]; /* that have followers */
};

struct interest *interest_new(void)
{
    return mem_must(sizeof(struct interest));
}

void interest_free(struct interest **interest)
{
    mem_free(*interest);
    *interest = NULL;
}

static size_t place_of(const struct runner_id *id)
{
    return hash_for_table(id->text, id->len) % PLACES;
}

void interest_change(void *context, const struct runner_id *id, bool is_followed)
{
    struct interest *interest = context;
    _Atomic uint32_t *workers = &interest->workers[place_of(id)];
    if (is_followed)
        atomic_fetch_add_explicit(workers, 1, memory_order_relaxed);
    else
        atomic_fetch_sub_explicit(workers, 1, memory_order_relaxed);
}

bool interest_is_in(const struct interest *interest, const struct runner_id *id)
{
    return atomic_load_explicit(&interest->workers[place_of(id)], memory_order_relaxed) > 0;
}
