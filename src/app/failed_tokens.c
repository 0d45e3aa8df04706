#include "app/failed_tokens.h"

#include "app/rate.h"
#include "base/hash.h"
#include "base/mem.h"

#define PLACES 16384
#define PATIENCE 10 /* times the budget, in tokens that are refused unseen */

struct place {
    struct rate bad;
    struct rate unseen;
};

struct failed_tokens {
    size_t per_second;
    struct place places[PLACES];
};

struct failed_tokens *failed_tokens_new(size_t per_second)
{
    struct failed_tokens *failed = mem_must(sizeof *failed);
    failed->per_second = per_second;
    return failed;
}

void failed_tokens_free(struct failed_tokens **failed)
{
    mem_free(*failed);
    *failed = NULL;
}

static struct place *place_of(struct failed_tokens *failed, const struct ip *address)
{
    struct ip customer = ip_of_customer(address);
    return &failed->places[hash_for_table(customer.bytes, sizeof customer.bytes) % PLACES];
}

bool failed_tokens_is_over(struct failed_tokens *failed, struct ip address, uint64_t now_ms)
{
    return rate_is_over(&place_of(failed, &address)->bad, failed->per_second, now_ms);
}

void failed_tokens_add(struct failed_tokens *failed, struct ip address, uint64_t now_ms)
{
    rate_count(&place_of(failed, &address)->bad, failed->per_second, now_ms);
}

void failed_tokens_add_unseen(struct failed_tokens *failed, struct ip address, uint64_t now_ms)
{
    rate_count(&place_of(failed, &address)->unseen, PATIENCE * failed->per_second, now_ms);
}

bool failed_tokens_is_shunned(struct failed_tokens *failed, struct ip address, uint64_t now_ms)
{
    return rate_is_over(&place_of(failed, &address)->unseen, PATIENCE * failed->per_second, now_ms);
}
