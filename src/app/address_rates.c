#include "app/address_rates.h"

#include "app/rate.h"
#include "base/hash.h"
#include "base/mem.h"

#define PLACES 16384

struct address_rates {
    size_t per_second;
    struct rate places[PLACES];
};

struct address_rates *address_rates_new(size_t per_second)
{
    struct address_rates *rates = mem_must(sizeof *rates);
    rates->per_second = per_second;
    return rates;
}

void address_rates_free(struct address_rates **rates)
{
    mem_free(*rates);
    *rates = NULL;
}

static size_t place_of(const struct ip *ip)
{
    struct ip customer = ip_of_customer(ip);
    return hash_for_table(customer.bytes, sizeof customer.bytes) % PLACES;
}

bool address_rates_is_over(const struct address_rates *rates, const struct ip *ip, uint64_t now_ms)
{
    return rates->per_second > 0 &&
           rate_is_over(&rates->places[place_of(ip)], rates->per_second, now_ms);
}

void address_rates_count(struct address_rates *rates, const struct ip *ip, uint64_t now_ms)
{
    if (rates->per_second > 0)
        rate_count(&rates->places[place_of(ip)], rates->per_second, now_ms);
}

bool address_rates_take(struct address_rates *rates, const struct ip *ip, uint64_t now_ms)
{
    return rates->per_second == 0 ||
           rate_take(&rates->places[place_of(ip)], rates->per_second, now_ms);
}
