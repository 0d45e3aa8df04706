/*
 * process: CPU time and memory of the processes that make up a server.
 */
#ifndef SPECTATE_BENCH_LOAD_PROCESS_H
#define SPECTATE_BENCH_LOAD_PROCESS_H

#include <stddef.h>
#include <stdint.h>

#define PROCESS_MAX 32

struct process_list {
    int pids[PROCESS_MAX];
    size_t count;
};

/* "12,13"; NULL: none. -1 when it is not a list of at most PROCESS_MAX processes that exist. */
int process_list_read(struct process_list *list, const char *text);

/* User and system time of all their threads, to the microsecond. */
uint64_t process_cpu_us(const struct process_list *list);

/* What they hold of memory, what is shared among them counted once. */
uint64_t process_memory_bytes(const struct process_list *list);

/* What the kernel holds for all TCP sockets of the machine (/proc/net/sockstat). 0 when it does not say. */
uint64_t process_socket_memory_bytes(void);

/* Of this process. */
uint64_t process_own_cpu_us(void);

/* How long this process could have run and did not, since another had its core. 0 when the kernel does not say. */
uint64_t process_own_wait_us(void);

#endif
