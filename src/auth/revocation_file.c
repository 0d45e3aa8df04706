#include "auth/revocation_file.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/claims.h"
#include "base/err.h"

/* Longer than any entry: each byte of a name takes at most 6 characters. */
#define LINE_BYTES 2048
#define FILE_MODE 0600

/* As they are called in a line; a time by itself is all there is to REVOKED_BEFORE. */
static const char *const names[] = {
    [REVOKED_TOKEN] = "jti",
    [REVOKED_SUBJECT] = "sub",
    [REVOKED_BEFORE] = "issued_before",
};

static int read_time(const json_t *object, const char *name, int64_t *at_s)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_integer(value))
        return ERR_FORMAT;
    *at_s = json_integer_value(value);
    return 0;
}

/* `revocation->name` is borrowed from the object. */
static int read_entry(const json_t *object, struct revocation *revocation)
{
    *revocation = (struct revocation){.kind = REVOKED_BEFORE};
    if (json_object_size(object) == 1)
        return read_time(object, names[REVOKED_BEFORE], &revocation->at_s);
    bool is_token = json_object_get(object, names[REVOKED_TOKEN]) != NULL;
    revocation->kind = is_token ? REVOKED_TOKEN : REVOKED_SUBJECT;
    const json_t *name = json_object_get(object, names[revocation->kind]);
    revocation->name = span_of(json_string_value(name), json_string_length(name));
    if (json_object_size(object) != 2 || !revocation_is_valid(revocation))
        return ERR_FORMAT;
    return read_time(object, "at", &revocation->at_s);
}

static int add_line(struct revocations *set, struct span line)
{
    json_t *object = NULL;
    json_error_t error;
    struct revocation revocation;
    int err = claims_parse(line, &object, &error);
    if (err == 0)
        err = read_entry(object, &revocation);
    if (err == 0)
        err = revocations_add(set, &revocation);
    json_decref(object);
    return err;
}

/* Up to and with its newline. At the end of the file it may lack that; so does a line that is too long, or holds a NUL. */
static bool read_line(FILE *file, char line[LINE_BYTES], size_t *len, bool *is_whole)
{
    if (fgets(line, LINE_BYTES, file) == NULL)
        return false;
    *len = strlen(line);
    *is_whole = *len > 0 && line[*len - 1] == '\n';
    return true;
}

static int load_lines(FILE *file, struct revocations *set, struct revocation_file_report *report)
{
    char line[LINE_BYTES];
    size_t len;
    bool is_whole;
    while (read_line(file, line, &len, &is_whole)) {
        int err = add_line(set, span_of(line, len));
        bool is_last = !is_whole && fgetc(file) == EOF;
        if (is_last)
            report->is_torn = true;
        if (!is_whole && !is_last)
            err = ERR_FORMAT;
        if (is_last && err == ERR_FORMAT)
            break;
        report->lines++;
        if (err < 0)
            return err;
    }
    return ferror(file) ? ERR_SYSTEM : 0;
}

int revocation_file_load(const char *path, struct revocations *set,
                         struct revocation_file_report *report)
{
    *report = (struct revocation_file_report){0};
    FILE *file = fopen(path, "rbe");
    if (file == NULL)
        return errno == ENOENT ? 0 : ERR_SYSTEM;
    int err = load_lines(file, set, report);
    int reason = errno;
    fclose(file);
    errno = reason;
    return err;
}

static json_t *object_of(const struct revocation *revocation)
{
    struct span name = revocation->name;
    const char *kind = names[revocation->kind];
    json_int_t at_s = revocation->at_s;
    return revocation->kind == REVOKED_BEFORE
               ? json_pack("{s:I}", kind, at_s)
               : json_pack("{s:s%,s:I}", kind, (const char *)name.data, name.len, "at", at_s);
}

/* With its newline. 0 and `*len`; ERR_INVALID: not a revocation, or its name is not UTF-8. */
static int write_line(const struct revocation *revocation, char line[LINE_BYTES], size_t *len)
{
    if (!revocation_is_valid(revocation))
        return ERR_INVALID;
    json_t *object = object_of(revocation);
    if (object == NULL)
        return ERR_INVALID;
    size_t written = json_dumpb(object, line, LINE_BYTES - 1, JSON_COMPACT);
    json_decref(object);
    if (written == 0 || written >= LINE_BYTES)
        return ERR_NO_MEMORY;
    line[written] = '\n';
    *len = written + 1;
    return 0;
}

/* A file's name is on disk when its folder is. */
static int sync_folder_of(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int len = slash == NULL ? 1 : (int)(slash - path) + 1;
    if (snprintf(folder, sizeof folder, "%.*s", len, slash == NULL ? "." : path) >=
        (int)sizeof folder) {
        errno = ENAMETOOLONG;
        return ERR_SYSTEM;
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return ERR_SYSTEM;
    int err = fsync(fd) < 0 ? ERR_SYSTEM : 0;
    close(fd);
    return err;
}

/* 0; ERR_FORMAT: something is there, and not a newline. */
static int check_end(int fd, off_t size)
{
    char last;
    if (size == 0)
        return 0;
    if (pread(fd, &last, 1, size - 1) != 1)
        return ERR_SYSTEM;
    return last == '\n' ? 0 : ERR_FORMAT;
}

/* One write: part of a line is there only when the disk was full just then, and is taken away again. */
static int append_line(int fd, const char *line, size_t len)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return ERR_SYSTEM;
    int err = check_end(fd, status.st_size);
    if (err < 0)
        return err;
    if (write(fd, line, len) == (ssize_t)len && fsync(fd) == 0)
        return 0;
    int reason = errno;
    int ignored = ftruncate(fd, status.st_size);
    (void)ignored; /* what is left is told as torn */
    errno = reason;
    return ERR_SYSTEM;
}

int revocation_file_append(const char *path, const struct revocation *revocation)
{
    char line[LINE_BYTES];
    size_t len;
    int err = write_line(revocation, line, &len);
    if (err < 0)
        return err;
    int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        return ERR_SYSTEM;
    err = append_line(fd, line, len);
    int reason = errno;
    close(fd);
    errno = reason;
    return err < 0 ? err : sync_folder_of(path);
}

static int write_entry(void *ctx, const struct revocation *revocation)
{
    FILE *file = ctx;
    char line[LINE_BYTES];
    size_t len;
    int err = write_line(revocation, line, &len);
    if (err < 0)
        return err;
    return fwrite(line, 1, len, file) == len ? 0 : ERR_SYSTEM;
}

static int write_all(const char *path, const struct revocations *set)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "wb");
    if (file == NULL) {
        if (fd >= 0)
            close(fd);
        return ERR_SYSTEM;
    }
    int err = revocations_visit(set, write_entry, file);
    if (err == 0 && (fflush(file) != 0 || fsync(fd) < 0))
        err = ERR_SYSTEM;
    int reason = errno;
    if (fclose(file) != 0 && err == 0)
        return ERR_SYSTEM;
    errno = reason;
    return err;
}

int revocation_file_rewrite(const char *path, const struct revocations *set)
{
    char beside[PATH_MAX];
    if (snprintf(beside, sizeof beside, "%s.new", path) >= (int)sizeof beside) {
        errno = ENAMETOOLONG;
        return ERR_SYSTEM;
    }
    int err = write_all(beside, set);
    if (err == 0 && rename(beside, path) < 0)
        err = ERR_SYSTEM;
    if (err == 0)
        return sync_folder_of(path);
    int reason = errno;
    unlink(beside);
    errno = reason;
    return err;
}
