/*
 * replay: `spectate replay`, recorded GPX tracks published as live runners. Each file is one runner in its own timing;
 * with --follow it is also the follower who prints what arrives and checks that it is what was sent.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/exit_code.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/descriptors.h"
#include "cli/option_table.h"
#include "cli/position_line.h"
#include "cli/printable.h"
#include "cli/replay_options.h"
#include "cli/replayer.h"
#include "cli/track_file.h"

struct tracks {
    struct replayer_track *items; /* owned, and their files */
    size_t count;
};

static void tracks_close(struct tracks *tracks)
{
    for (size_t i = 0; i < tracks->count; i++)
        track_file_close(&tracks->items[i].file);
    mem_free(tracks->items);
}

static bool tracks_open(struct tracks *tracks, const struct replay_options *options)
{
    char error[TRACK_FILE_ERROR_BYTES];
    tracks->items = mem_must(options->path_count * sizeof *tracks->items);
    for (tracks->count = 0; tracks->count < options->path_count; tracks->count++) {
        struct replayer_track *track = &tracks->items[tracks->count];
        track->id = options->ids[tracks->count];
        track->file = track_file_open(options->paths[tracks->count], error);
        if (track->file == NULL) {
            fprintf(stderr, "replay: %s\n", error);
            return false;
        }
    }
    return true;
}

static bool has_times(const struct track_facts *facts)
{
    return facts->untimed < facts->points;
}

/* A file without times starts with the earliest. */
static void start_as_recorded(struct tracks *tracks)
{
    int64_t earliest_ms = INT64_MAX;
    for (size_t i = 0; i < tracks->count; i++) {
        struct track_facts facts = track_file_facts(tracks->items[i].file);
        if (has_times(&facts) && facts.first_ms < earliest_ms)
            earliest_ms = facts.first_ms;
    }
    for (size_t i = 0; i < tracks->count; i++) {
        struct track_facts facts = track_file_facts(tracks->items[i].file);
        if (has_times(&facts))
            tracks->items[i].start_ms = (uint64_t)(facts.first_ms - earliest_ms);
    }
}

/* Recordings may lie years apart: nobody shall wonder why nothing comes. */
static void announce_starts(const struct replay_options *options, const struct tracks *tracks)
{
    for (size_t i = 0; i < tracks->count && options->speed > 0; i++) {
        double in_s = (double)tracks->items[i].start_ms / 1000 / options->speed;
        if (in_s >= 1)
            fprintf(stderr, "replay: %s starts in %.0f s\n", options->paths[i], in_s);
    }
}

static void print_position(const struct position *position)
{
    position_line_text(stdout, position);
}

static void report_track(const struct replay_options *options, const struct tracks *tracks,
                         size_t at, const struct replayer_result *result)
{
    struct track_facts facts = track_file_facts(tracks->items[at].file);
    const struct runner_id *id = &tracks->items[at].id;
    printf("%s runner ", options->paths[at]);
    printable_write(stdout, span_of(id->text, id->len));
    printf(" published %" PRIu64 " of %" PRIu64, result->published.count, facts.points);
    if (options->is_following)
        printf(" delivered %" PRIu64, result->received.count);
    if (facts.skipped > 0)
        printf(" unusable %" PRIu64, facts.skipped);
    if (facts.untimed > 0)
        printf(" without time %" PRIu64, facts.untimed);
    if (result->is_lost)
        printf(" not confirmed");
    putchar('\n');
}

/* How the follower's share differs; of one track or summed over all. */
struct difference {
    uint64_t published;
    uint64_t delivered;
    uint64_t missing;
    uint64_t duplicates;
    uint64_t changed; /* tracks with the right count, but other positions or another order */
};

static void add_difference(struct difference *sum, const struct replayer_result *result)
{
    uint64_t published = result->published.count;
    uint64_t received = result->received.count;
    sum->published += published;
    sum->delivered += received < published ? received : published;
    sum->missing += received < published ? published - received : 0;
    sum->duplicates += received > published ? received - published : 0;
    sum->changed += received == published && !sequence_equals(result->published, result->received);
}

static void report_sum(const struct replay_options *options, const struct difference *sum,
                       uint64_t errors)
{
    printf("published %" PRIu64 "\n", sum->published);
    if (!options->is_following)
        return;
    printf("missing %" PRIu64 "\n", sum->missing);
    printf("duplicates %" PRIu64 "\n", sum->duplicates);
    printf("out of order %" PRIu64 "\n", sum->changed);
    printf("errors %" PRIu64 "\n", errors);
    printf("delivered %" PRIu64 " of %" PRIu64 "\n", sum->delivered, sum->published);
}

static int report(const struct replay_options *options, const struct tracks *tracks,
                  const struct replayer *replayer)
{
    struct difference sum = {0};
    uint64_t lost = 0;
    for (size_t i = 0; i < tracks->count; i++) {
        struct replayer_result result = replayer_result(replayer, i);
        report_track(options, tracks, i, &result);
        add_difference(&sum, &result);
        lost += result.is_lost;
    }
    uint64_t errors = replayer_errors(replayer);
    report_sum(options, &sum, errors);
    bool differs = options->is_following && (sum.missing + sum.duplicates + sum.changed) > 0;
    return differs || lost > 0 || errors > 0 ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}

static int play(const struct replay_options *options, const struct ws_client_options *client,
                const struct tracks *tracks)
{
    struct replayer_options play = {
        .client = client,
        .tracks = tracks->items,
        .count = tracks->count,
        .speed = options->speed,
        .settle_ms = options->settle_ms,
        .is_following = options->is_following,
        .on_position = options->is_quiet ? NULL : print_position,
    };
    struct replayer *replayer = replayer_new(&play);
    if (replayer == NULL)
        return EXIT_CODE_NOT_STARTED;
    int status = EXIT_CODE_NOT_STARTED;
    char url[WS_URL_SHOWN_BYTES];
    ws_url_show(options->server.url, url);
    if (replayer_run(replayer))
        status = report(options, tracks, replayer);
    else
        fprintf(stderr, "replay: could not connect to %s: %s\n", url, replayer_failure(replayer));
    replayer_free(&replayer);
    return status;
}

int replay_main(int argc, char **argv)
{
    struct replay_options options = replay_options_parse(argc, argv);
    struct ws_client_options client = server_options_resolve(&options.server, "replay");
    struct tracks tracks = {0};
    descriptors_raise_limit(); /* each file is open, and has a connection */
    int status = EXIT_CODE_USAGE;
    if (tracks_open(&tracks, &options)) {
        if (options.is_absolute)
            start_as_recorded(&tracks);
        announce_starts(&options, &tracks);
        status = play(&options, &client, &tracks);
    }
    tracks_close(&tracks);
    ws_client_options_fini(&client);
    replay_options_fini(&options);
    return status;
}
