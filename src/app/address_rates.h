/*
 * address_rates: at most so many of something in a second from each address (app/rate.h); addresses of one IPv6 network of 64
 * bits are one (ip_of_customer()).
 *
 * There are 16,384 places, and each address has one of them, by a hash whose key nobody knows. So the table is never full, nobody
 * can choose whom he shares a place with, and those who meet in one share what it allows. Any thread; no lock.
 */
#ifndef SPECTATE_APP_ADDRESS_RATES_H
#define SPECTATE_APP_ADDRESS_RATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"

struct address_rates;

/* 0: no limit. Owned by the caller. */
struct address_rates *address_rates_new(size_t per_second);
void address_rates_free(struct address_rates **rates);

/* As rate_is_over(), rate_count() and rate_take(). `now_ms` is monotonic. */
bool address_rates_is_over(const struct address_rates *rates, const struct ip *ip, uint64_t now_ms);
void address_rates_count(struct address_rates *rates, const struct ip *ip, uint64_t now_ms);
bool address_rates_take(struct address_rates *rates, const struct ip *ip, uint64_t now_ms);

#endif
