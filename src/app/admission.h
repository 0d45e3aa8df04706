/*
 * admission: how many connections there are, how fast they come and how many messages they send, in all and from each address,
 * against their limits.
 *
 * Addresses of one IPv6 network of 64 bits count as one address (ip_of_customer()): whoever has one of them has them all. An
 * address is looked at before the whole, so that one that is over its own limits uses up nothing of what all may.
 *
 * One for the process, used by every worker's thread; a lock is held for one table operation, and only while connections
 * per address are limited at all.
 */
#ifndef SPECTATE_APP_ADMISSION_H
#define SPECTATE_APP_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/ip.h"

struct admission;
struct admission_ticket;

struct admission_limits {
    size_t connections;             /* 0: no limit */
    size_t connections_per_address; /* 0: no limit */
    /* 0: no limit; a second's worth may come at once. */
    size_t connects_per_second;
    size_t connects_per_second_per_address;
    size_t messages_per_second_per_address;
};

/* Owned by the caller. */
struct admission *admission_new(const struct admission_limits *limits);

/* Only when all tickets are back. */
void admission_free(struct admission **admission);

/*
 * 0: admitted, `*ticket` (NULL while there is no limit per address) is to be given back with admission_leave(). ERR_TOO_MANY,
 * ERR_NO_MEMORY: `fault` says why. `ip` NULL: it is not known yet whose the connection is, and `*ticket` is NULL.
 */
int admission_enter(struct admission *admission, const struct ip *ip, uint64_t now_ms,
                    struct admission_ticket **ticket, struct fault *fault);

/* One that was admitted without its address: this is it. As admission_enter(); also when refused it stays admitted. */
int admission_enter_from(struct admission *admission, const struct ip *ip, uint64_t now_ms,
                         struct admission_ticket **ticket, struct fault *fault);

void admission_leave(struct admission *admission, struct admission_ticket *ticket);

/* May one more message come from there now? False: `fault` says why. */
bool admission_takes_message(struct admission *admission, const struct ip *ip, uint64_t now_ms,
                             struct fault *fault);

#endif
