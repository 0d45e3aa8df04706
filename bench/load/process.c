#include "bench/load/process.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define LINE_BYTES 256

static uint64_t read_clock_us(clockid_t clock)
{
    struct timespec time;
    if (clock_gettime(clock, &time) < 0)
        return 0;
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

int process_list_read(struct process_list *list, const char *text)
{
    clockid_t clock;
    list->count = 0;
    while (text != NULL && *text != '\0') {
        char *end;
        errno = 0;
        long pid = strtol(text, &end, 10);
        if (errno != 0 || end == text || pid <= 0 || pid > INT32_MAX ||
            list->count == PROCESS_MAX || clock_getcpuclockid((pid_t)pid, &clock) != 0)
            return -1;
        list->pids[list->count++] = (int)pid;
        text = *end == ',' ? end + 1 : end;
        if (*end != ',' && *end != '\0')
            return -1;
    }
    return 0;
}

uint64_t process_cpu_us(const struct process_list *list)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < list->count; i++) {
        clockid_t clock;
        if (clock_getcpuclockid(list->pids[i], &clock) == 0)
            sum += read_clock_us(clock);
    }
    return sum;
}

/* The line "Pss:  12 kB"; 0 when the process has ended. */
static uint64_t memory_of(int pid)
{
    char line[LINE_BYTES];
    uint64_t kib = 0;
    snprintf(line, sizeof line, "/proc/%d/smaps_rollup", pid);
    FILE *file = fopen(line, "re");
    if (file == NULL)
        return 0;
    while (fgets(line, sizeof line, file) != NULL && sscanf(line, "Pss: %" SCNu64, &kib) != 1)
        continue;
    fclose(file);
    return kib * 1024;
}

uint64_t process_memory_bytes(const struct process_list *list)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < list->count; i++)
        sum += memory_of(list->pids[i]);
    return sum;
}

/* "TCP: inuse 5 orphan 0 tw 9 alloc 8 mem 1" */
uint64_t process_socket_memory_bytes(void)
{
    char line[LINE_BYTES];
    uint64_t pages = 0;
    FILE *file = fopen("/proc/net/sockstat", "re");
    if (file == NULL)
        return 0;
    while (fgets(line, sizeof line, file) != NULL &&
           sscanf(line, "TCP: inuse %*u orphan %*u tw %*u alloc %*u mem %" SCNu64, &pages) != 1)
        continue;
    fclose(file);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t process_own_cpu_us(void)
{
    return read_clock_us(CLOCK_PROCESS_CPUTIME_ID);
}

/* "ran waited times", in nanoseconds */
uint64_t process_own_wait_us(void)
{
    uint64_t wait_ns = 0;
    FILE *file = fopen("/proc/self/schedstat", "re");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%*u %" SCNu64, &wait_ns) != 1)
        wait_ns = 0;
    fclose(file);
    return wait_ns / 1000;
}
