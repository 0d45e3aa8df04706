#include "cli/data_folder.h"

#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/storage.h"
#include "base/check.h"
#include "base/err.h"
#include "base/exit_code.h"

static int complain(const char *command, const char *path, const char *what)
{
    fprintf(stderr, "%s: %s: %s\n", command, path, what);
    return EXIT_CODE_USAGE;
}

static int name_file(const char *command, const char *data, char path[DATA_FOLDER_PATH_BYTES])
{
    int len = snprintf(path, DATA_FOLDER_PATH_BYTES, "%s/%s", data, STORAGE_FILE);
    if (len >= DATA_FOLDER_PATH_BYTES)
        return complain(command, data, "the name is too long");
    return EXIT_CODE_OK;
}

static int expect_file(const char *command, const char *path)
{
    return access(path, F_OK) == 0 ? EXIT_CODE_OK : complain(command, path, strerror(errno));
}

/* --- to look at ----------------------------------------------------------------------------------------------------- */

int data_folder_view(struct data_folder_view *view, const char *command, const char *data)
{
    struct store_trouble trouble;
    int status = name_file(command, data, view->path);
    if (status == EXIT_CODE_OK)
        status = expect_file(command, view->path);
    if (status != EXIT_CODE_OK)
        return status;
    if (store_view_open(view->path, &view->view, &trouble) == 0)
        return EXIT_CODE_OK;
    complain(command, view->path, trouble.text);
    return EXIT_CODE_NOT_STARTED;
}

void data_folder_view_close(struct data_folder_view *view)
{
    store_view_close(&view->view);
}

/* --- to change ------------------------------------------------------------------------------------------------------ */

static int make_folder(const struct data_folder_wish *wish)
{
    if (mkdir(wish->data, S_IRWXU) == 0 || errno == EEXIST)
        return EXIT_CODE_OK;
    return complain(wish->command, wish->data, strerror(errno));
}

int data_folder_open(const struct data_folder_wish *wish, struct store **store)
{
    char path[DATA_FOLDER_PATH_BYTES];
    struct store_trouble trouble;
    struct store_options options = {.path = path};
    *store = NULL;
    int status = name_file(wish->command, wish->data, path);
    if (status == EXIT_CODE_OK)
        status = wish->is_made ? make_folder(wish) : expect_file(wish->command, path);
    if (status != EXIT_CODE_OK)
        return status;
    int err = store_open(&options, store, &trouble);
    if (err == 0)
        return EXIT_CODE_OK;
    complain(wish->command, path, trouble.text);
    if (err == ERR_FULL)
        fprintf(stderr, "%s: is it a server? Then ask that: %s\n", wish->command, wish->instead);
    return EXIT_CODE_NOT_STARTED;
}

struct change {
    struct store_job job;
    data_folder_change_fn *change;
    void *ctx;
    int result;
    sem_t is_done;
};

static int run(struct store_job *job, struct store_writer *writer)
{
    struct change *change = job->owner;
    return change->change(writer, change->ctx);
}

static void on_done(struct store_job *job, int err)
{
    struct change *change = job->owner;
    change->result = err;
    sem_post(&change->is_done);
}

int data_folder_change(struct store *store, data_folder_change_fn *fn, void *ctx)
{
    struct change change = {
        .job = {.change = run, .on_done = on_done, .owner = &change}, .change = fn, .ctx = ctx};
    CHECK(sem_init(&change.is_done, 0, 0) == 0);
    int err = store_change(store, &change.job);
    while (err == 0 && sem_wait(&change.is_done) != 0)
        CHECK(errno == EINTR);
    sem_destroy(&change.is_done);
    return err == 0 ? change.result : err;
}
