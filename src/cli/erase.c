/*
 * erase: `spectate erase`, persons or what is old, from a store that no server has open. It goes in pieces, each a transaction.
 */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/err.h"
#include "base/exit_code.h"
#include "cli/commands.h"
#include "cli/data_folder.h"
#include "cli/erase_options.h"
#include "cli/printable.h"
#include "store/change.h"

#define COMMAND_NAME "erase"
#define PIECE_POSITIONS 20000

struct piece {
    const struct store_erase_age *age;
    uint64_t erased;
};

/* --- is that meant? ------------------------------------------------------------------------------------------------- */

static void describe(const struct erase_options *options)
{
    if (options->runners.count == 0) {
        fprintf(stderr, "Erase all positions before that time of %s",
                options->group != NULL ? "the group " : "everybody");
        if (options->group != NULL)
            printable_write(stderr, span_of_text(options->group));
        return;
    }
    fputs("Erase all that is known of", stderr);
    for (size_t i = 0; i < options->runners.count; i++) {
        const struct runner_id *id = &options->runners.items[i];
        fputc(' ', stderr);
        printable_write(stderr, span_of(id->text, id->len));
    }
}

/* y or yes, and nothing else. */
static bool is_meant(const struct erase_options *options)
{
    char answer[8];
    if (options->is_sure)
        return true;
    if (isatty(STDIN_FILENO) != 1) {
        fputs(COMMAND_NAME ": nobody is there to ask: --yes, if it is meant\n", stderr);
        return false;
    }
    describe(options);
    fputs("? It can't be taken back. [y/N] ", stderr);
    return fgets(answer, sizeof answer, stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

/* --- do it ---------------------------------------------------------------------------------------------------------- */

static int erase_runner(struct store_writer *writer, void *context)
{
    return store_erase_runner(writer, context);
}

static int erase_age(struct store_writer *writer, void *context)
{
    struct piece *piece = context;
    return store_erase_before(writer, piece->age, &piece->erased);
}

static int complain(int err)
{
    fprintf(stderr, COMMAND_NAME ": not erased: %s\n", err_text(err));
    return EXIT_CODE_FAILED;
}

static int erase_one(struct store *store, const struct runner_id *id)
{
    struct store_erasing erasing = {.runner = *id, .limit = PIECE_POSITIONS, .next_ms = INT64_MIN};
    uint64_t total = 0;
    int err;
    do {
        err = data_folder_change(store, erase_runner, &erasing);
        total += err == 0 ? erasing.erased : 0;
    } while (err == 0 && !erasing.is_over);
    if (err < 0 && err != ERR_NOT_FOUND)
        return complain(err);
    FILE *out = err == 0 ? stdout : stderr;
    fputs(err == 0 ? "runner " : COMMAND_NAME ": nothing is known of runner ", out);
    printable_write(out, span_of(id->text, id->len));
    if (err == 0)
        printf(": %" PRIu64 " positions erased", total);
    fputc('\n', out);
    return err == 0 ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

static int erase_named(struct store *store, const struct runner_list *runners)
{
    int status = EXIT_CODE_OK;
    for (size_t i = 0; i < runners->count; i++)
        if (erase_one(store, &runners->items[i]) != EXIT_CODE_OK)
            status = EXIT_CODE_FAILED;
    return status;
}

static int erase_old(struct store *store, const struct erase_options *options)
{
    struct store_erase_rule rule = {.before_ms = options->before_ms};
    struct store_erase_age age = {.before_ms = options->before_ms, .limit = PIECE_POSITIONS};
    struct piece piece = {.age = &age};
    uint64_t total = 0;
    if (options->group != NULL) {
        rule.group = span_of_text(options->group);
        age.before_ms = INT64_MIN;
        age.rules = &rule;
        age.rule_count = 1;
    }
    do {
        int err = data_folder_change(store, erase_age, &piece);
        if (err < 0)
            return complain(err);
        total += piece.erased;
    } while (piece.erased >= PIECE_POSITIONS);
    printf("%" PRIu64 " positions erased\n", total);
    return EXIT_CODE_OK;
}

static int run(const struct erase_options *options)
{
    struct data_folder_wish wish = {
        .command = COMMAND_NAME,
        .data = options->data,
        .instead = options->runners.count > 0 ? "DELETE /v1/runners/ID" : "its option retention",
    };
    struct store *store;
    if (!is_meant(options))
        return EXIT_CODE_FAILED;
    int status = data_folder_open(&wish, &store);
    if (status != EXIT_CODE_OK)
        return status;
    status = options->runners.count > 0 ? erase_named(store, &options->runners)
                                        : erase_old(store, options);
    store_close(&store);
    return status;
}

int erase_main(int argc, char **argv)
{
    struct erase_options options = erase_options_parse(argc, argv);
    int status = run(&options);
    erase_options_fini(&options);
    return status;
}
