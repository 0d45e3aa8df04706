/*
 * faulty_vfs: a file system for SQLite that fails when it is told to, and that knows what a power cut would leave.
 *
 * It is the system's with a counter in front: operations of the chosen kinds count from 1, and those of the plan fail with its
 * code and without being done. For the other purpose a copy of each file, as of its last sync, is kept: what is on disk for sure.
 * Counters are for all files and threads together.
 */
#ifndef SPECTATE_TESTS_LIB_FAULTY_VFS_H
#define SPECTATE_TESTS_LIB_FAULTY_VFS_H

#include <stdint.h>

#define FAULTY_VFS "faulty"

enum faulty_operation {
    FAULTY_OPEN = 1,
    FAULTY_READ = 2,
    FAULTY_WRITE = 4,
    FAULTY_SYNC = 8,
    FAULTY_TRUNCATE = 16,
    FAULTY_DELETE = 32,
};
#define FAULTY_CHANGES (FAULTY_OPEN | FAULTY_WRITE | FAULTY_SYNC | FAULTY_TRUNCATE | FAULTY_DELETE)

struct faulty_plan {
    unsigned operations; /* enum faulty_operation, or-ed: those that count */
    uint64_t first;      /* that fails, from 1; 0: none does */
    uint64_t count;      /* how many fail from there */
    int code;            /* SQLITE_FULL, SQLITE_IOERR_WRITE ... */
};

/* Register it, once; the plan is that nothing fails. */
void faulty_vfs_register(void);

/* From now on, and counting from 1 again. Any thread. */
void faulty_vfs_plan(const struct faulty_plan *plan);

/* How many operations of the plan's kinds there were since, and how many of them failed. */
uint64_t faulty_vfs_counted(void);
uint64_t faulty_vfs_failed(void);

/* Copy each file that is synced into this folder (borrowed), under its name; NULL: no more. While no store is open. */
void faulty_vfs_keep_synced(const char *folder);

#endif
