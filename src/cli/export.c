/*
 * export: `spectate export`, the tracks of a store as NDJSON, GeoJSON or GPX. The store is read page by page, each in a transaction of
 * its own, and what was read is written between them: so a server that has it open is not disturbed, and memory stays small.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/exit_code.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/data_folder.h"
#include "cli/export_options.h"
#include "cli/printable.h"
#include "cli/track_writer.h"

#define COMMAND_NAME "export"
#define PAGE_POSITIONS 4096
#define PAGE_RUNNERS 256

struct listed {
    struct runner_id id;
    size_t name_len;
    char name[STORE_TEXT_BYTES];
};

struct export
{
    const struct export_options *options;
    struct data_folder_view data;
    struct track_writer writer;
    struct listed *page; /* owned; room for PAGE_RUNNERS */
    size_t page_count;
    const struct runner_id *named; /* the one that is looked up */
    struct store_track track;      /* what comes next of one */
    int err;                       /* of the writer, within a visit */
    uint64_t runners;              /* so far, that have positions */
};

static int fail(const struct export *export, const char *why)
{
    fprintf(stderr, COMMAND_NAME ": %s: %s\n", export->data.path, why);
    return EXIT_CODE_FAILED;
}

/* --- one runner ----------------------------------------------------------------------------------------------------- */

/* An id that can be a number is one, whatever form its publishers used: the same track gives the same bytes. */
static bool add(void *context, const struct store_record *record)
{
    struct export *export = context;
    struct position position = record->position;
    position.runner_is_number = runner_id_is_integer(&position.runner);
    export->track.from_ms = position.time_ms + 1;
    export->err = track_writer_add(&export->writer, &position);
    return export->err == 0;
}

static int read_page(struct store_reader *reader, void *context)
{
    struct export *export = context;
    int count = store_read_track(reader, &export->track, add, export);
    return export->err < 0 ? export->err : count;
}

static int write_positions(struct export *export)
{
    struct store_trouble trouble;
    int count = PAGE_POSITIONS;
    int status = EXIT_CODE_OK;
    while (status == EXIT_CODE_OK && count == PAGE_POSITIONS) {
        count = store_view_read(export->data.view, read_page, export, &trouble);
        if (count < 0)
            return fail(export, trouble.text);
        status = track_writer_flush(&export->writer);
    }
    return status;
}

static int write_runner(struct export *export, const struct listed *runner)
{
    uint64_t before = export->writer.positions;
    export->track = (struct store_track){
        .runner = runner->id,
        .from_ms = export->options->from_ms,
        .until_ms = export->options->until_ms,
        .limit = PAGE_POSITIONS,
    };
    int status =
        track_writer_begin(&export->writer, &runner->id, span_of(runner->name, runner->name_len));
    if (status == EXIT_CODE_OK)
        status = write_positions(export);
    if (status == EXIT_CODE_OK)
        status = track_writer_end(&export->writer);
    export->runners += export->writer.positions > before;
    return status;
}

/* --- which runners -------------------------------------------------------------------------------------------------- */

static bool list(void *context, const struct store_runner *runner)
{
    struct export *export = context;
    struct listed *listed = &export->page[export->page_count++];
    bool has_name = runner->name.len > 0 && runner->name.len <= sizeof listed->name;
    listed->id = runner->id;
    listed->name_len = has_name ? runner->name.len : 0;
    if (has_name)
        memcpy(listed->name, runner->name.data, runner->name.len);
    return true;
}

static int read_named(struct store_reader *reader, void *context)
{
    struct export *export = context;
    export->page_count = 0;
    return store_read_runner(reader, export->named, list, export);
}

static int write_named(struct export *export)
{
    struct store_trouble trouble;
    int found = store_view_read(export->data.view, read_named, export, &trouble);
    if (found < 0)
        return fail(export, trouble.text);
    if (found > 0)
        return write_runner(export, &export->page[0]);
    fputs(COMMAND_NAME ": nothing is known of runner ", stderr);
    printable_write(stderr, span_of(export->named->text, export->named->len));
    fputc('\n', stderr);
    return EXIT_CODE_FAILED;
}

static int write_all_named(struct export *export)
{
    const struct runner_list *runners = &export->options->runners;
    int status = EXIT_CODE_OK;
    for (size_t i = 0; i < runners->count && status == EXIT_CODE_OK; i++) {
        export->named = &runners->items[i];
        status = write_named(export);
    }
    return status;
}

/* The next of everybody, or of the group. */
static int read_runners(struct store_reader *reader, void *context)
{
    struct export *export = context;
    struct store_runners wanted = {.limit = PAGE_RUNNERS};
    if (export->options->group != NULL)
        wanted.group = span_of_text(export->options->group);
    if (export->page_count > 0)
        wanted.after = export->page[export->page_count - 1].id;
    export->page_count = 0;
    return store_read_runners(reader, &wanted, list, export);
}

static int refuse_many(void)
{
    fputs(COMMAND_NAME ": a GPX file is of one runner: name it by --runner, or a folder by "
                       "--output\n",
          stderr);
    return EXIT_CODE_USAGE;
}

static int write_everybody(struct export *export)
{
    struct store_trouble trouble;
    int status = EXIT_CODE_OK;
    do {
        if (store_view_read(export->data.view, read_runners, export, &trouble) < 0)
            return fail(export, trouble.text);
        if (export->page_count > 1 && !track_writer_takes_many(&export->writer))
            return refuse_many();
        for (size_t i = 0; i < export->page_count && status == EXIT_CODE_OK; i++)
            status = write_runner(export, &export->page[i]);
    } while (status == EXIT_CODE_OK && export->page_count == PAGE_RUNNERS);
    return status;
}

/* --- all of it ------------------------------------------------------------------------------------------------------ */

static int write_all(struct export *export)
{
    const struct export_options *options = export->options;
    if (options->runners.count == 0)
        return write_everybody(export);
    if (options->runners.count > 1 && !track_writer_takes_many(&export->writer))
        return refuse_many();
    return write_all_named(export);
}

static int run(struct export *export)
{
    const struct export_options *options = export->options;
    int status = data_folder_view(&export->data, COMMAND_NAME, options->data);
    if (status != EXIT_CODE_OK)
        return status;
    status = track_writer_open(&export->writer, COMMAND_NAME, options->output, options->format);
    if (status == EXIT_CODE_OK)
        status = track_writer_close(&export->writer, write_all(export));
    if (status == EXIT_CODE_OK)
        fprintf(stderr, COMMAND_NAME ": %" PRIu64 " positions of %" PRIu64 " runners\n",
                export->writer.positions, export->runners);
    return status;
}

int export_main(int argc, char **argv)
{
    struct export_options options = export_options_parse(argc, argv);
    struct export export = {.options = &options,
                            .page = mem_must(PAGE_RUNNERS * sizeof(struct listed))};
    int status = run(&export);
    data_folder_view_close(&export.data);
    mem_free(export.page);
    export_options_fini(&options);
    return status;
}
