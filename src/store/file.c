#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"

static int open_private(const char *path)
{
    return open(path, O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
}

int file_make_private(const char *path)
{
    int fd = open_private(path);
    return fd >= 0 && close(fd) == 0 ? 0 : ERR_SYSTEM;
}

char *file_name_beside(const char *path, const char *suffix)
{
    size_t len = strlen(path);
    size_t suffix_bytes = strlen(suffix) + 1;
    char *name = mem_try(len + suffix_bytes);
    if (name != NULL) {
        memcpy(name, path, len);
        memcpy(name + len, suffix, suffix_bytes);
    }
    return name;
}

static int open_and_lock(const char *name)
{
    int fd = open_private(name);
    if (fd < 0)
        return ERR_SYSTEM;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    int err = errno == EWOULDBLOCK ? ERR_FULL : ERR_SYSTEM;
    close(fd);
    return err;
}

int file_lock(const char *path)
{
    char *name = file_name_beside(path, "-lock");
    if (name == NULL)
        return ERR_NO_MEMORY;
    int lock = open_and_lock(name);
    mem_free(name);
    return lock;
}

void file_unlock(int lock)
{
    if (lock >= 0)
        close(lock);
}

int file_remove_database(const char *path)
{
    static const char *const suffixes[] = {"-journal", "-wal", "-shm", ""};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char *name = file_name_beside(path, suffixes[i]);
        if (name == NULL)
            return ERR_NO_MEMORY;
        unlink(name);
        mem_free(name);
    }
    return 0;
}

static int sync_path(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return ERR_SYSTEM;
    int err = fsync(fd) == 0 ? 0 : ERR_SYSTEM;
    close(fd);
    return err;
}

int file_sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return sync_path(".");
    char *folder = file_name_beside(path, "");
    if (folder == NULL)
        return ERR_NO_MEMORY;
    folder[slash - path + 1] = '\0';
    int err = sync_path(folder);
    mem_free(folder);
    return err;
}
