#include "app/socket_budget.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"

#define FOR_REFUSALS 512
#define FOR_FILES 16
#define RESERVE (SOCKET_BUDGET_OPERATORS_ALL + FOR_FILES)

/* The system's hard limit is what the operator allows; a soft limit below it only surprises. */
size_t socket_budget_raise(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    if (limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
        (void)getrlimit(RLIMIT_NOFILE, &limit);
    }
    return limit.rlim_cur != RLIM_INFINITY ? (size_t)limit.rlim_cur : 0;
}

/* What the option says, or so many that who comes over it is told 503 and not just cut off. */
size_t socket_budget_connections(const struct options *options, size_t descriptors)
{
    if (options->max_connections == 0)
        return descriptors > 2 * FOR_REFUSALS ? descriptors - FOR_REFUSALS : 0;
    if (descriptors > 0 && descriptors < options->max_connections)
        LOG(LOG_WARN, "server.few_descriptors", NO_SESSION,
            "%zu file descriptors are fewer than max-connections %zu", descriptors,
            options->max_connections);
    return options->max_connections;
}

/* The system gives out the lowest number that is free. */
static size_t open_now(void)
{
    int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (lowest < 0)
        return SIZE_MAX;
    close(lowest);
    return (size_t)lowest;
}

size_t socket_budget_strangers(size_t descriptors)
{
    size_t used = open_now();
    if (descriptors == 0)
        return 0;
    size_t left = descriptors > used ? descriptors - used : 0;
    size_t reserve = left / 4 < RESERVE ? left / 4 : RESERVE;
    return left > reserve ? left - reserve : 1;
}
