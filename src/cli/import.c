/*
 * import: `spectate import`, recorded tracks into a store that no server has open.
 *
 * Positions go there in batches, each a transaction; with --strict all of them are one, which is undone when a position was refused.
 * What is there already stays, and counts as a duplicate. Cursors from before an import are not resumed from: nobody was shown
 * these positions live, and one of them may be a runner's newest.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/exit_code.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/data_folder.h"
#include "cli/import_options.h"
#include "cli/progress_bar.h"
#include "cli/track_reader.h"
#include "course/jump.h"
#include "proto/fix_time.h"
#include "store/change.h"

#define COMMAND_NAME "import"
#define BATCH_POSITIONS 8192
#define FAULTS_NAMED 100
#define GPS_FIRST_MS INT64_C(315964800000) /* 1980-01-06: what is before that is no milliseconds */

struct import {
    const struct import_options *options;
    const struct track_source *source; /* the one that is read */
    struct store *store;
    struct store_writer *writer;  /* with --strict: of the one transaction */
    struct store_record *records; /* owned; room for BATCH_POSITIONS */
    size_t count;                 /* that are not stored yet */
    struct position last;         /* the one before, in the file */
    uint64_t taken;
    uint64_t refused;
    uint64_t bytes;
    struct progress_bar bar;
    int reason; /* errno, when the file could not be read */
};

/* --- into the store ------------------------------------------------------------------------------------------------- */

static int put(struct store_writer *writer, void *context)
{
    struct import *import = context;
    return store_put_now(writer, import->records, import->count);
}

/* What is to be undone in any case need not be stored. */
static int store_batch(struct import *import)
{
    bool is_doomed = import->options->is_strict && import->refused > 0;
    int err = 0;
    if (import->count > 0 && !is_doomed)
        err = import->writer != NULL ? put(import->writer, import)
                                     : data_folder_change(import->store, put, import);
    import->count = 0;
    return err;
}

/* --- from the files ------------------------------------------------------------------------------------------------- */

static void on_fault(void *context, uint64_t line, const char *message)
{
    struct import *import = context;
    import->refused++;
    if (import->refused > FAULTS_NAMED)
        return;
    progress_bar_clear(&import->bar);
    fprintf(stderr, COMMAND_NAME ": %s:", import->source->path);
    if (line > 0)
        fprintf(stderr, "%" PRIu64 ":", line);
    fprintf(stderr, " %s\n", message);
    if (import->refused == FAULTS_NAMED)
        fputs(COMMAND_NAME ": what else is refused is only counted\n", stderr);
}

/* Not fix_time_judge(), which is for what comes live: recordings are of any year, and not of today by another epoch. */
static const char *time_fault(const struct position *position)
{
    if (position->time_is_arrival)
        return "it has no time";
    if (position->time_ms > clock_wall_ms() + FIX_TIME_AHEAD_MAX_MS)
        return "its time lies in the future";
    if (position->time_ms < GPS_FIRST_MS)
        return "its time is before there was GPS; in numbers it is milliseconds since 1970";
    return NULL;
}

static struct jump_place place_of(const struct position *position)
{
    struct jump_place place = {.time_ms = position->time_ms};
    position_to_e7(position, &place.lat_e7, &place.lng_e7);
    return place;
}

static bool is_jump(const struct position *before, const struct position *position)
{
    struct jump_place a = place_of(before);
    struct jump_place b = place_of(position);
    return before->runner.len == position->runner.len &&
           memcmp(before->runner.text, position->runner.text, position->runner.len) == 0 &&
           jump_is_between(&a, &b);
}

static int on_position(void *context, const struct position *position, uint64_t line)
{
    struct import *import = context;
    const char *fault = time_fault(position);
    if (fault != NULL) {
        on_fault(import, line, fault);
        return 0;
    }
    bool jumps = import->taken > 0 && is_jump(&import->last, position);
    import->records[import->count++] = (struct store_record){
        .position = *position,
        .received_ms = clock_wall_ms(),
        .flags = (uint8_t)(STORE_LATE | (jumps ? STORE_JUMP : 0)),
    };
    import->last = *position;
    import->taken++;
    return import->count == BATCH_POSITIONS ? store_batch(import) : 0;
}

static void on_bytes(void *context, size_t bytes)
{
    struct import *import = context;
    import->bytes += bytes;
    progress_bar_tell(&import->bar, import->bytes, import->taken, clock_monotonic_ms());
}

static const struct track_events events = {
    .on_position = on_position, .on_fault = on_fault, .on_bytes = on_bytes};

/* ERR_NOT_FOUND: a file could not be read, and `reason` says why. */
static int read_sources(struct import *import)
{
    const struct import_options *options = import->options;
    int err = 0;
    for (size_t i = 0; i < options->source_count && err == 0; i++) {
        import->source = &options->sources[i];
        err = track_reader_run(import->source, &events, import);
        import->reason = errno;
    }
    int stored = store_batch(import);
    return err < 0 ? err : stored;
}

static int read_all_or_nothing(struct store_writer *writer, void *context)
{
    struct import *import = context;
    import->writer = writer;
    int err = read_sources(import);
    return err == 0 && import->refused > 0 ? ERR_INVALID : err;
}

/* --- all of it ------------------------------------------------------------------------------------------------------ */

/* What all files hold; 0: not known. Negative: one is not there, and that was said. */
static int64_t total_bytes(const struct import_options *options)
{
    int64_t total = 0;
    bool is_known = true;
    for (size_t i = 0; i < options->source_count; i++) {
        const char *path = options->sources[i].path;
        struct stat found = {0};
        if (strcmp(path, "-") != 0 && stat(path, &found) != 0) {
            fprintf(stderr, COMMAND_NAME ": %s: %s\n", path, strerror(errno));
            return ERR_NOT_FOUND;
        }
        is_known = is_known && S_ISREG(found.st_mode);
        total += found.st_size;
    }
    return is_known ? total : 0;
}

static int run(struct import *import)
{
    store_note_lost(import->store, 0, 1); /* cursors: see above */
    int err = import->options->is_strict
                  ? data_folder_change(import->store, read_all_or_nothing, import)
                  : read_sources(import);
    progress_bar_clear(&import->bar);
    return err;
}

static int report(const struct import *import, uint64_t duplicates)
{
    printf("%" PRIu64 " positions imported, %" PRIu64 " were there already, %" PRIu64 " refused\n",
           import->taken - duplicates, duplicates, import->refused);
    return import->refused == 0 && fflush(stdout) == 0 ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

static int finish(const struct import *import, int err, uint64_t duplicates)
{
    if (err == 0)
        return report(import, duplicates);
    if (err == ERR_INVALID) {
        fprintf(stderr, COMMAND_NAME ": %" PRIu64 " refused, and so none is imported\n",
                import->refused);
        return EXIT_CODE_FAILED;
    }
    fprintf(stderr, COMMAND_NAME ": %s: %s\n", import->source->path,
            err == ERR_NOT_FOUND ? strerror(import->reason) : "not all could be stored");
    return err == ERR_NOT_FOUND ? EXIT_CODE_USAGE : EXIT_CODE_FAILED;
}

static int open_and_run(struct import *import)
{
    struct data_folder_wish wish = {
        .command = COMMAND_NAME,
        .data = import->options->data,
        .instead = "POST /v1/positions",
        .is_made = true,
    };
    int64_t total = total_bytes(import->options);
    if (total < 0)
        return EXIT_CODE_USAGE;
    int status = data_folder_open(&wish, &import->store);
    if (status != EXIT_CODE_OK)
        return status;
    import->bar = progress_bar_on(stderr, (uint64_t)total);
    int err = run(import);
    uint64_t duplicates = store_stats(import->store).duplicates;
    store_close(&import->store);
    return finish(import, err, duplicates);
}

int import_main(int argc, char **argv)
{
    struct import_options options = import_options_parse(argc, argv);
    struct import import = {.options = &options,
                            .records = mem_must(BATCH_POSITIONS * sizeof(struct store_record))};
    int status = open_and_run(&import);
    mem_free(import.records);
    import_options_fini(&options);
    return status;
}
