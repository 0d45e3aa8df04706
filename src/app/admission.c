#include "app/admission.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "app/address_rates.h"
#include "app/rate.h"
#include "base/check.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"

#define BUCKETS 4096

/* One customer with connections; the tickets of all these point to it. */
struct admission_ticket {
    struct admission_ticket *next; /* in its bucket */
    struct ip customer;            /* ip_of_customer() */
    size_t connections;
};

struct admission {
    struct admission_limits limits;
    _Atomic size_t connections;
    struct rate connects;
    struct address_rates *connects_from; /* owned */
    struct address_rates *messages_from; /* owned */
    pthread_mutex_t lock;
    struct admission_ticket *buckets[BUCKETS]; /* under the lock */
};

struct admission *admission_new(const struct admission_limits *limits)
{
    struct admission *admission = mem_must(sizeof *admission);
    admission->limits = *limits;
    admission->connects_from = address_rates_new(limits->connects_per_second_per_address);
    admission->messages_from = address_rates_new(limits->messages_per_second_per_address);
    CHECK(pthread_mutex_init(&admission->lock, NULL) == 0);
    return admission;
}

void admission_free(struct admission **admission)
{
    struct admission *it = *admission;
    if (it == NULL)
        return;
    CHECK(atomic_load(&it->connections) == 0);
    address_rates_free(&it->connects_from);
    address_rates_free(&it->messages_from);
    pthread_mutex_destroy(&it->lock);
    mem_free(it);
    *admission = NULL;
}

static struct admission_ticket **bucket_of(struct admission *admission, const struct ip *customer)
{
    uint32_t hash = hash_for_table(customer->bytes, sizeof customer->bytes);
    return &admission->buckets[hash % BUCKETS];
}

static struct admission_ticket *find_or_make(struct admission *admission, const struct ip *customer)
{
    struct admission_ticket **bucket = bucket_of(admission, customer);
    for (struct admission_ticket *at = *bucket; at != NULL; at = at->next)
        if (ip_equals(&at->customer, customer))
            return at;
    struct admission_ticket *made = mem_try(sizeof *made);
    if (made == NULL)
        return NULL;
    made->customer = *customer;
    made->next = *bucket;
    *bucket = made;
    return made;
}

/* Explains what went wrong, and returns it. */
static int explain(int err, const struct admission_limits *limits, struct fault *fault)
{
    if (err == ERR_TOO_MANY)
        fault_set(fault, FAULT_too_many_connections_per_address,
                  "the address has its %zu connections", limits->connections_per_address);
    else if (err == ERR_NO_MEMORY)
        fault_set(fault, FAULT_out_of_memory, "no memory for another connection");
    return err;
}

/* One more of its connections. */
static int take_ticket(struct admission *admission, const struct ip *ip,
                       struct admission_ticket **ticket)
{
    int err = 0;
    if (admission->limits.connections_per_address == 0)
        return 0;
    struct ip customer = ip_of_customer(ip);
    pthread_mutex_lock(&admission->lock);
    struct admission_ticket *found = find_or_make(admission, &customer);
    if (found == NULL)
        err = ERR_NO_MEMORY;
    else if (found->connections >= admission->limits.connections_per_address)
        err = ERR_TOO_MANY;
    else
        found->connections++;
    pthread_mutex_unlock(&admission->lock);
    *ticket = err == 0 ? found : NULL;
    return err;
}

int admission_enter_from(struct admission *admission, const struct ip *ip, uint64_t now_ms,
                         struct admission_ticket **ticket, struct fault *fault)
{
    const struct admission_limits *limits = &admission->limits;
    *ticket = NULL;
    if (!address_rates_take(admission->connects_from, ip, now_ms)) {
        fault_set(fault, FAULT_too_many_new_connections_per_address,
                  "more than %zu new connections of the address in a second",
                  limits->connects_per_second_per_address);
        return ERR_TOO_MANY;
    }
    return explain(take_ticket(admission, ip, ticket), limits, fault);
}

static void leave_address(struct admission *admission, struct admission_ticket *ticket)
{
    pthread_mutex_lock(&admission->lock);
    if (--ticket->connections == 0) {
        struct admission_ticket **at = bucket_of(admission, &ticket->customer);
        while (*at != ticket)
            at = &(*at)->next;
        *at = ticket->next;
        mem_free(ticket);
    }
    pthread_mutex_unlock(&admission->lock);
}

/* One more of all. */
static int enter(struct admission *admission, uint64_t now_ms, struct fault *fault)
{
    const struct admission_limits *limits = &admission->limits;
    if (!rate_take(&admission->connects, limits->connects_per_second, now_ms)) {
        fault_set(fault, FAULT_too_many_new_connections,
                  "more than %zu new connections in a second", limits->connects_per_second);
        return ERR_TOO_MANY;
    }
    size_t before = atomic_fetch_add(&admission->connections, 1);
    if (limits->connections == 0 || before < limits->connections)
        return 0;
    atomic_fetch_sub(&admission->connections, 1);
    fault_set(fault, FAULT_too_many_connections, "the server has its %zu connections",
              limits->connections);
    return ERR_TOO_MANY;
}

int admission_enter(struct admission *admission, const struct ip *ip, uint64_t now_ms,
                    struct admission_ticket **ticket, struct fault *fault)
{
    int err = 0;
    *ticket = NULL;
    if (ip != NULL)
        err = admission_enter_from(admission, ip, now_ms, ticket, fault);
    if (err == 0)
        err = enter(admission, now_ms, fault);
    if (err < 0 && *ticket != NULL) {
        leave_address(admission, *ticket);
        *ticket = NULL;
    }
    return err;
}

void admission_leave(struct admission *admission, struct admission_ticket *ticket)
{
    if (ticket != NULL)
        leave_address(admission, ticket);
    atomic_fetch_sub(&admission->connections, 1);
}

bool admission_takes_message(struct admission *admission, const struct ip *ip, uint64_t now_ms,
                             struct fault *fault)
{
    if (address_rates_take(admission->messages_from, ip, now_ms))
        return true;
    fault_set(fault, FAULT_too_many_messages_per_address,
              "more messages of the address in a second than may be");
    return false;
}
