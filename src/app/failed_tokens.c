#include "app/failed_tokens.h"

#include "app/address_rates.h"
#include "base/mem.h"

#define PATIENCE 10 /* times the budget, in tokens that are refused unseen */

struct failed_tokens {
    struct address_rates *bad;    /* owned */
    struct address_rates *unseen; /* owned */
};

struct failed_tokens *failed_tokens_new(size_t per_second)
{
    struct failed_tokens *failed = mem_must(sizeof *failed);
    failed->bad = address_rates_new(per_second);
    failed->unseen = address_rates_new(PATIENCE * per_second);
    return failed;
}

void failed_tokens_free(struct failed_tokens **failed)
{
    struct failed_tokens *it = *failed;
    if (it == NULL)
        return;
    address_rates_free(&it->bad);
    address_rates_free(&it->unseen);
    mem_free(it);
    *failed = NULL;
}

bool failed_tokens_is_over(struct failed_tokens *failed, struct ip address, uint64_t now_ms)
{
    return address_rates_is_over(failed->bad, &address, now_ms);
}

void failed_tokens_add(struct failed_tokens *failed, struct ip address, uint64_t now_ms)
{
    address_rates_count(failed->bad, &address, now_ms);
}

void failed_tokens_add_unseen(struct failed_tokens *failed, struct ip address, uint64_t now_ms)
{
    address_rates_count(failed->unseen, &address, now_ms);
}

bool failed_tokens_is_shunned(struct failed_tokens *failed, struct ip address, uint64_t now_ms)
{
    return address_rates_is_over(failed->unseen, &address, now_ms);
}
