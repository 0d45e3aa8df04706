#include "metrics/process.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define DESCRIPTORS "/proc/self/fd"

static uint64_t count_by_listing(void)
{
    DIR *directory = opendir(DESCRIPTORS);
    if (directory == NULL)
        return PROCESS_UNKNOWN;
    uint64_t count = 0;
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(directory);
    return count - 1; /* the directory's own */
}

/* Since Linux 6.2 the size of the directory is the answer, at no cost. */
static uint64_t read_open_fds(void)
{
    struct stat status;
    if (stat(DESCRIPTORS, &status) == 0 && status.st_size > 0)
        return (uint64_t)status.st_size;
    return count_by_listing();
}

static uint64_t read_max_fds(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return PROCESS_UNKNOWN;
    return limit.rlim_cur;
}

static uint64_t read_resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL)
        return PROCESS_UNKNOWN;
    uint64_t pages;
    int found = fscanf(file, "%*u %" SCNu64, &pages);
    fclose(file);
    return found == 1 ? pages * (uint64_t)sysconf(_SC_PAGESIZE) : PROCESS_UNKNOWN;
}

struct process process_read(int64_t start_time_ms)
{
    return (struct process){
        .start_time_s = (uint64_t)(start_time_ms / 1000),
        .open_fds = read_open_fds(),
        .max_fds = read_max_fds(),
        .resident_bytes = read_resident_bytes(),
    };
}
