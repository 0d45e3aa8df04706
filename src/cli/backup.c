/*
 * backup: `spectate backup`, a copy of a store that a server may have open, and whether store or copy are sound.
 */
#include <stdio.h>

#include "base/exit_code.h"
#include "cli/backup_options.h"
#include "cli/commands.h"
#include "cli/data_folder.h"
#include "store/backup.h"

#define COMMAND_NAME "backup"

struct wish {
    const char *output;
    struct store_trouble trouble;
};

static int complain(const struct store_trouble *trouble)
{
    fprintf(stderr, COMMAND_NAME ": %s\n", trouble->text);
    return EXIT_CODE_FAILED;
}

static int make_copy(struct store_reader *reader, void *context)
{
    struct wish *wish = context;
    return store_backup(reader, wish->output, &wish->trouble);
}

static int check(struct store_reader *reader, void *context)
{
    struct wish *wish = context;
    return store_check(reader, &wish->trouble);
}

/* `trouble` is the reading's own; what it was for has said what it is about. */
static int read_for(struct store_view *view, store_view_fn *read, struct wish *wish)
{
    struct store_trouble trouble;
    int err = store_view_read(view, read, wish, &trouble);
    if (err >= 0)
        return EXIT_CODE_OK;
    return complain(wish->trouble.text[0] != '\0' ? &wish->trouble : &trouble);
}

static int check_copy(const char *path)
{
    struct wish wish = {0};
    struct store_view *copy;
    if (store_view_open(path, &copy, &wish.trouble) < 0)
        return complain(&wish.trouble);
    int status = read_for(copy, check, &wish);
    store_view_close(&copy);
    return status;
}

static int run(const struct backup_options *options, struct store_view *view)
{
    struct wish wish = {.output = options->output};
    int status = read_for(view, options->output != NULL ? make_copy : check, &wish);
    if (status == EXIT_CODE_OK && options->output != NULL && options->wants_check)
        status = check_copy(options->output);
    if (status != EXIT_CODE_OK)
        return status;
    if (options->output != NULL)
        fprintf(stderr, COMMAND_NAME ": %s is made\n", options->output);
    if (options->wants_check)
        fprintf(stderr, COMMAND_NAME ": %s is sound\n",
                options->output != NULL ? options->output : "the store");
    return status;
}

int backup_main(int argc, char **argv)
{
    struct backup_options options = backup_options_parse(argc, argv);
    struct data_folder_view data = {0};
    int status = data_folder_view(&data, COMMAND_NAME, options.data);
    if (status == EXIT_CODE_OK)
        status = run(&options, data.view);
    data_folder_view_close(&data);
    return status;
}
