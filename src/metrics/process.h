/*
 * process: what the system knows about this process.
 */
#ifndef SPECTATE_METRICS_PROCESS_H
#define SPECTATE_METRICS_PROCESS_H

#include <stdint.h>

#define PROCESS_UNKNOWN UINT64_MAX

/* What the system does not tell is PROCESS_UNKNOWN. */
struct process {
    uint64_t start_time_s; /* UTC since 1970-01-01 */
    uint64_t open_fds;
    uint64_t max_fds;
    uint64_t resident_bytes;
};

/* From /proc, which does not block; any thread. The caller knows when the process began. */
struct process process_read(int64_t start_time_ms);

#endif
