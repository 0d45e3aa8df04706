/*
 * The operators' port: how the store is, and copies of it.
 *
 * A copy is made by a thread of the store that reads, while positions are stored; the operator's request waits for it
 * and nobody else does. One at a time: resumes and tracks need the other thread.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "app/admin_request.h"
#include "app/admin_routes.h"
#include "app/mail.h"
#include "app/server.h"
#include "app/shard.h"
#include "app/storage.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "proto/admin.h"
#include "store/backup.h"

#define BACKUPS "backups" /* in the folder of `data` */
#define NAME_BYTES_MAX 100
#define PATH_BYTES 4096
#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."

static struct store *store_of(const struct admin_request *request)
{
    return server_store(request->session->shard->server);
}

/* --- how it is ------------------------------------------------------------------------------------------------------ */

static const char *health_name(enum store_health health)
{
    static const char *const names[] = {
        [STORE_WELL] = "well", [STORE_DISK_FULL] = "disk_full", [STORE_DISK_BROKEN] = "disk_broken",
        [STORE_BUSY] = "busy", [STORE_DAMAGED] = "damaged",
    };
    return names[health];
}

static int write_identity(const struct store_identity *identity, struct buf *out)
{
    int err = buf_append_text(out, "\"identity\":\"");
    for (size_t i = 0; i < sizeof identity->id && err == 0; i++)
        err = buf_printf(out, "%02x", identity->id[i]);
    return err == 0 ? buf_printf(out, "\",\"boot\":%" PRIu32, identity->boot) : err;
}

static int write_number(const char *name, uint64_t value, struct buf *out)
{
    return buf_printf(out, ",\"%s\":%" PRIu64, name, value);
}

static int write_stats(const struct store_stats *stats, struct buf *out)
{
    const struct {
        const char *name;
        uint64_t value;
    } numbers[] = {
        {"stored", stats->stored},          {"duplicates", stats->duplicates},
        {"refused", stats->refused},        {"lost", stats->lost},
        {"erased", stats->erased},          {"commits", stats->commits},
        {"failures", stats->failures},      {"queued", stats->queued},
        {"queuedJobs", stats->queued_jobs}, {"oldestMs", stats->oldest_us / 1000},
    };
    int err = 0;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers && err == 0; i++)
        err = write_number(numbers[i].name, numbers[i].value, out);
    return err;
}

enum route_result admin_get_store(const struct admin_request *request)
{
    struct store *store = store_of(request);
    struct buf *out = request->body;
    if (store == NULL)
        return admin_say_json(request, buf_append_text(out, "{\"health\":\"none\"}\n"));
    struct store_stats stats = store_stats(store);
    int err = buf_printf(out, "{\"health\":\"%s\",", health_name(stats.health));
    if (err == 0)
        err = write_identity(store_identity(store), out);
    if (err == 0)
        err = write_stats(&stats, out);
    if (err == 0)
        err = buf_append_text(out, "}\n");
    return admin_say_json(request, err);
}

/* --- copies --------------------------------------------------------------------------------------------------------- */

/* Owned by the store while it runs, then by the mail. */
struct backup {
    struct mail mail; /* MAIL_BACKUP: it has come to an end */
    struct store_job job;
    struct shard *home;
    uint64_t asked_by; /* the session that waits for the answer */
    int err;           /* how it went */
    uint64_t bytes;
    struct store_trouble trouble;
    const char *name; /* in `path` */
    char path[PATH_BYTES];
};

/* Never a way out of the folder, and nothing that a shell would mind. */
static bool is_name(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len <= NAME_BYTES_MAX && name[0] != '.' && name[0] != '-' &&
           strspn(name, NAME_CHARACTERS) == len;
}

static int read_size(const char *path, uint64_t *bytes)
{
    struct stat found;
    if (stat(path, &found) != 0)
        return ERR_SYSTEM;
    *bytes = (uint64_t)found.st_size;
    return 0;
}

static int make_copy(struct store_job *job, struct store_reader *reader)
{
    struct backup *backup = job->owner;
    int err = store_backup(reader, backup->path, &backup->trouble);
    return err == 0 ? read_size(backup->path, &backup->bytes) : err;
}

/* In a thread of the store. A shard that has ended waits for nothing. */
static void on_done(struct store_job *job, int err)
{
    struct backup *backup = job->owner;
    backup->err = err;
    if (shard_post(backup->home, &backup->mail) < 0)
        mem_free(backup);
}

/* The folder is there when this returns 0; else ERR_SYSTEM or ERR_TOO_BIG. */
static int name_paths(struct backup *backup, const char *data, const char *name)
{
    int len = snprintf(backup->path, sizeof backup->path, "%s/" BACKUPS, data);
    if (len + 1 + NAME_BYTES_MAX >= (int)sizeof backup->path)
        return ERR_TOO_BIG;
    if (mkdir(backup->path, S_IRWXU) != 0 && errno != EEXIST)
        return ERR_SYSTEM;
    snprintf(backup->path + len, sizeof backup->path - (size_t)len, "/%s", name);
    backup->name = backup->path + len + 1;
    return 0;
}

static enum route_result begin(const struct admin_request *request, struct backup *backup)
{
    struct shard *home = request->session->shard;
    struct buf rest;
    backup->mail.kind = MAIL_BACKUP;
    backup->job = (struct store_job){.read = make_copy, .on_done = on_done, .owner = backup};
    backup->home = home;
    backup->asked_by = request->session->id;
    if (session_await(request->session) == 0) {
        if (store_ask(store_of(request), &backup->job) == 0) {
            home->is_backing_up = true;
            return ROUTE_LATER;
        }
        session_awaited(home, request->session->id, &rest);
    }
    mem_free(backup);
    return admin_say(request, 503, "the store is busy or the server ends\n");
}

enum route_result admin_post_backup(const struct admin_request *request)
{
    const struct shard *shard = request->session->shard;
    char name[ADMIN_NAME_BYTES + 1];
    struct fault fault;
    if (store_of(request) == NULL)
        return admin_say(request, 409, "nothing is kept here\n");
    if (admin_decode_backup(http_body(admin_head(request)), name, &fault) < 0)
        return admin_say_fault(request, 400, &fault);
    if (!is_name(name))
        return admin_say(request, 400,
                         "name is the name of a file: letters, digits, - and _ and ., up to 100\n");
    if (shard->is_backing_up)
        return admin_say(request, 409, "another backup is being made\n");
    struct backup *backup = mem_try(sizeof *backup);
    if (backup == NULL)
        return admin_say(request, 503, "out of memory\n");
    if (name_paths(backup, shard->options->data, name) == 0)
        return begin(request, backup);
    mem_free(backup);
    return admin_say(request, 503, "its folder can't be made\n");
}

static void fill_answer(const struct backup *backup, struct http_answer *answer, struct buf *body)
{
    int err = backup->err == 0
                  ? buf_printf(body, "{\"backup\":\"" BACKUPS "/%s\",\"bytes\":%" PRIu64 "}\n",
                               backup->name, backup->bytes)
                  : buf_printf(body, "%s\n", backup->trouble.text);
    if (err < 0) {
        route_answer_text(answer, 503, "out of memory\n");
        return;
    }
    route_answer_json(answer, 200, body);
    if (backup->err == 0)
        return;
    answer->status = backup->err == ERR_INVALID ? 409 : 503;
    answer->content_type = "text/plain; charset=utf-8";
}

static void tell_log(const struct backup *backup)
{
    const char *why =
        backup->trouble.text[0] != '\0' ? backup->trouble.text : err_text(backup->err);
    if (backup->err == 0)
        LOG(LOG_INFO, "backup.made", NO_SESSION, "%s, %" PRIu64 " bytes", backup->path,
            backup->bytes);
    else if (backup->err == ERR_INVALID)
        LOG(LOG_WARN, "backup.refused", NO_SESSION, "%s", why);
    else
        LOG(LOG_ERROR, "backup.failed", NO_SESSION, "%s", why);
}

void admin_on_backup(struct shard *shard, struct mail *mail)
{
    struct backup *backup = (struct backup *)(void *)mail;
    struct buf rest;
    struct session *session = session_awaited(shard, backup->asked_by, &rest);
    struct http_answer answer = {0};
    struct buf body = {0};
    shard->is_backing_up = false;
    tell_log(backup);
    if (session != NULL) {
        fill_answer(backup, &answer, &body);
        session_answer_later(session, &answer, &rest);
    }
    buf_fini(&body);
    mem_free(backup);
}
