#include "tests/lib/faulty_vfs.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"

#define NAME_BYTES 200

struct faulty_file {
    sqlite3_file base;
    char name[NAME_BYTES]; /* of its folder nothing */
    sqlite3_file *real;    /* behind this struct */
};

static sqlite3_vfs vfs;
static sqlite3_vfs *system_vfs;
static const char *synced_folder;

static _Atomic unsigned plan_operations;
static _Atomic uint64_t plan_first;
static _Atomic uint64_t plan_count;
static _Atomic int plan_code;
static _Atomic uint64_t counted;
static _Atomic uint64_t failed;

static int fault(enum faulty_operation operation)
{
    if ((atomic_load(&plan_operations) & operation) == 0)
        return SQLITE_OK;
    uint64_t number = atomic_fetch_add(&counted, 1) + 1;
    uint64_t first = atomic_load(&plan_first);
    if (first == 0 || number < first || number - first >= atomic_load(&plan_count))
        return SQLITE_OK;
    atomic_fetch_add(&failed, 1);
    return atomic_load(&plan_code);
}

static struct faulty_file *file_of(sqlite3_file *file)
{
    return (struct faulty_file *)file;
}

#define REAL(file) (file_of(file)->real)

/* --- what is on disk for sure --------------------------------------------------------------------------------------- */

static void write_copy(sqlite3_file *real, int fd)
{
    sqlite3_int64 size = 0;
    char bytes[4096];
    CHECK(real->pMethods->xFileSize(real, &size) == SQLITE_OK);
    for (sqlite3_int64 at = 0; at < size; at += (sqlite3_int64)sizeof bytes) {
        int len = size - at < (sqlite3_int64)sizeof bytes ? (int)(size - at) : (int)sizeof bytes;
        CHECK(real->pMethods->xRead(real, bytes, len, at) == SQLITE_OK);
        CHECK(write(fd, bytes, (size_t)len) == len);
    }
}

static void keep_synced(const struct faulty_file *file)
{
    char path[2 * NAME_BYTES];
    if (synced_folder == NULL || file->name[0] == '\0')
        return;
    snprintf(path, sizeof path, "%s/%s", synced_folder, file->name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0);
    write_copy(file->real, fd);
    close(fd);
}

/* --- one file ------------------------------------------------------------------------------------------------------- */

static int file_close(sqlite3_file *file)
{
    return REAL(file)->pMethods->xClose(REAL(file));
}

static int file_read(sqlite3_file *file, void *to, int len, sqlite3_int64 at)
{
    int code = fault(FAULTY_READ);
    return code != SQLITE_OK ? code : REAL(file)->pMethods->xRead(REAL(file), to, len, at);
}

static int file_write(sqlite3_file *file, const void *from, int len, sqlite3_int64 at)
{
    int code = fault(FAULTY_WRITE);
    return code != SQLITE_OK ? code : REAL(file)->pMethods->xWrite(REAL(file), from, len, at);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    int code = fault(FAULTY_TRUNCATE);
    return code != SQLITE_OK ? code : REAL(file)->pMethods->xTruncate(REAL(file), size);
}

static int file_sync(sqlite3_file *file, int flags)
{
    int code = fault(FAULTY_SYNC);
    if (code == SQLITE_OK)
        code = REAL(file)->pMethods->xSync(REAL(file), flags);
    if (code == SQLITE_OK)
        keep_synced(file_of(file));
    return code;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return REAL(file)->pMethods->xFileSize(REAL(file), size);
}

static int file_lock(sqlite3_file *file, int lock)
{
    return REAL(file)->pMethods->xLock(REAL(file), lock);
}

static int file_unlock(sqlite3_file *file, int lock)
{
    return REAL(file)->pMethods->xUnlock(REAL(file), lock);
}

static int file_check_lock(sqlite3_file *file, int *is_locked)
{
    return REAL(file)->pMethods->xCheckReservedLock(REAL(file), is_locked);
}

static int file_control(sqlite3_file *file, int what, void *argument)
{
    return REAL(file)->pMethods->xFileControl(REAL(file), what, argument);
}

static int file_sector_size(sqlite3_file *file)
{
    return REAL(file)->pMethods->xSectorSize(REAL(file));
}

/* None: no shortcut by what the disk promises. */
static int file_characteristics(sqlite3_file *file)
{
    (void)file;
    return 0;
}

static int shm_map(sqlite3_file *file, int page, int bytes, int extend, void volatile **out)
{
    return REAL(file)->pMethods->xShmMap(REAL(file), page, bytes, extend, out);
}

static int shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return REAL(file)->pMethods->xShmLock(REAL(file), offset, count, flags);
}

static void shm_barrier(sqlite3_file *file)
{
    REAL(file)->pMethods->xShmBarrier(REAL(file));
}

static int shm_unmap(sqlite3_file *file, int removes)
{
    return REAL(file)->pMethods->xShmUnmap(REAL(file), removes);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = shm_map,
    .xShmLock = shm_lock,
    .xShmBarrier = shm_barrier,
    .xShmUnmap = shm_unmap,
};

/* --- the file system ------------------------------------------------------------------------------------------------ */

static int vfs_open(sqlite3_vfs *self, const char *path, sqlite3_file *file, int flags, int *out)
{
    (void)self;
    struct faulty_file *it = file_of(file);
    const char *slash = path != NULL ? strrchr(path, '/') : NULL;
    memset(it, 0, sizeof *it);
    it->real = (sqlite3_file *)(void *)(it + 1);
    snprintf(it->name, sizeof it->name, "%s", slash != NULL ? slash + 1 : "");
    int code = fault(FAULTY_OPEN) != SQLITE_OK
                   ? SQLITE_CANTOPEN
                   : system_vfs->xOpen(system_vfs, path, it->real, flags, out);
    if (code == SQLITE_OK)
        it->base.pMethods = &methods;
    return code;
}

static int vfs_delete(sqlite3_vfs *self, const char *path, int syncs)
{
    (void)self;
    int code = fault(FAULTY_DELETE);
    return code != SQLITE_OK ? code : system_vfs->xDelete(system_vfs, path, syncs);
}

void faulty_vfs_register(void)
{
    if (system_vfs != NULL)
        return;
    system_vfs = sqlite3_vfs_find(NULL);
    CHECK(system_vfs != NULL);
    vfs = *system_vfs;
    vfs.zName = FAULTY_VFS;
    vfs.szOsFile = (int)sizeof(struct faulty_file) + system_vfs->szOsFile;
    vfs.pNext = NULL;
    vfs.xOpen = vfs_open;
    vfs.xDelete = vfs_delete;
    CHECK(sqlite3_vfs_register(&vfs, 0) == SQLITE_OK);
}

void faulty_vfs_plan(const struct faulty_plan *plan)
{
    atomic_store(&plan_operations, 0);
    atomic_store(&plan_first, plan->first);
    atomic_store(&plan_count, plan->count);
    atomic_store(&plan_code, plan->code);
    atomic_store(&counted, 0);
    atomic_store(&failed, 0);
    atomic_store(&plan_operations, plan->operations);
}

uint64_t faulty_vfs_counted(void)
{
    return atomic_load(&counted);
}

uint64_t faulty_vfs_failed(void)
{
    return atomic_load(&failed);
}

void faulty_vfs_keep_synced(const char *folder)
{
    synced_folder = folder;
}
