/*
 * data_folder: the store in the folder of a server's `data`, for commands. What is wrong is said on standard error, by the command's
 * name; results are exit statuses.
 */
#ifndef SPECTATE_CLI_DATA_FOLDER_H
#define SPECTATE_CLI_DATA_FOLDER_H

#include "store/store.h"
#include "store/view.h"

#define DATA_FOLDER_PATH_BYTES 4096

/* A store that is looked at, whether a server has it open or not. All zero: not open. */
struct data_folder_view {
    struct store_view *view; /* owned */
    char path[DATA_FOLDER_PATH_BYTES];
};

/* EXIT_CODE_OK, EXIT_CODE_USAGE (there is none) or EXIT_CODE_NOT_STARTED (it can't be read). */
int data_folder_view(struct data_folder_view *view, const char *command, const char *data);
void data_folder_view_close(struct data_folder_view *view);

/*
 * Open the store to change it, which no server may have open; `instead` is what to ask such a server for. Unless `is_made`, there has
 * to be one. Statuses as above.
 */
struct data_folder_wish {
    const char *command;
    const char *data;
    const char *instead;
    bool is_made;
};
int data_folder_open(const struct data_folder_wish *wish, struct store **store);

/* Have the store do it, and wait: 0 or more as change() returns, or a failure as of store_change(). */
typedef int data_folder_change_fn(struct store_writer *writer, void *ctx);
int data_folder_change(struct store *store, data_folder_change_fn *change, void *ctx);

#endif
