#include "auth/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"

/* Pipes tell no size: there it grows. */
#define FIRST_BYTES 4096

void key_file_forget(struct buf *contents)
{
    if (contents->data != NULL)
        OPENSSL_cleanse(contents->data, contents->cap);
    buf_fini(contents);
}

/* Like buf_reserve(), but what it moves away from is overwritten. */
static int grow(struct buf *contents)
{
    struct buf bigger = {0};
    int err = buf_reserve(&bigger, contents->cap == 0 ? FIRST_BYTES : contents->cap * 2);
    if (err == 0)
        err = buf_append(&bigger, buf_span(contents));
    if (err < 0) {
        buf_fini(&bigger);
        return err;
    }
    key_file_forget(contents);
    *contents = bigger;
    return 0;
}

/* 1: there may be more; 0: that was the end. */
static int read_some(int fd, struct buf *contents, size_t max_bytes)
{
    int err = contents->len == contents->cap ? grow(contents) : 0;
    if (err < 0)
        return err;
    ssize_t got = read(fd, contents->data + contents->len, contents->cap - contents->len);
    if (got < 0)
        return errno == EINTR ? 1 : ERR_SYSTEM;
    contents->len += (size_t)got;
    return contents->len > max_bytes ? ERR_TOO_BIG : got > 0;
}

int key_file_read(const char *path, size_t max_bytes, struct buf *contents)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return ERR_SYSTEM;
    int result;
    do {
        result = read_some(fd, contents, max_bytes);
    } while (result > 0);
    int why = errno;
    close(fd);
    if (result < 0)
        key_file_forget(contents);
    errno = why;
    return result;
}

static int write_all(int fd, struct span contents)
{
    while (contents.len > 0) {
        ssize_t put = write(fd, contents.data, contents.len);
        if (put < 0 && errno != EINTR)
            return ERR_SYSTEM;
        if (put > 0)
            contents = span_of(contents.data + put, contents.len - (size_t)put);
    }
    return fsync(fd) == 0 ? 0 : ERR_SYSTEM;
}

int key_file_create(const char *path, struct span contents)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0)
        return ERR_SYSTEM;
    int err = write_all(fd, contents);
    int why = errno;
    if (close(fd) != 0 && err == 0) {
        err = ERR_SYSTEM;
        why = errno;
    }
    if (err < 0)
        unlink(path);
    errno = why;
    return err;
}
