#include "cli/track_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/gpx_file.h"
#include "cli/track_timing.h"

struct track_file {
    struct gpx_file *file; /* owned */
    struct track_facts facts;
    struct track_timing timing;
};

static void note(struct track_facts *facts, const struct gpx_point *point)
{
    if (point->has_time && facts->points == facts->untimed)
        facts->first_ms = point->time_ms;
    facts->points++;
    facts->untimed += !point->has_time;
}

/* Both kinds, since which of them counts is known only at the end. */
static int gather(struct gpx_file *file, struct track_facts *track, struct track_facts *route)
{
    struct gpx_point point;
    int more;
    while ((more = gpx_file_next(file, &point)) > 0)
        note(point.is_route ? route : track, &point);
    return more;
}

static struct gpx_file *open_file(const char *path, char error[TRACK_FILE_ERROR_BYTES])
{
    struct gpx_file *file = gpx_file_open(path);
    if (file == NULL)
        snprintf(error, TRACK_FILE_ERROR_BYTES, "%s: %s", path, strerror(errno));
    return file;
}

static bool learn_facts(const char *path, struct track_facts *facts,
                        char error[TRACK_FILE_ERROR_BYTES])
{
    struct gpx_file *file = open_file(path, error);
    if (file == NULL)
        return false;
    struct track_facts track = {0};
    struct track_facts route = {.is_route = true};
    int err = gather(file, &track, &route);
    *facts = track.points > 0 ? track : route;
    facts->skipped = gpx_file_skipped(file);
    if (err < 0)
        snprintf(error, TRACK_FILE_ERROR_BYTES, "%s", gpx_file_error(file));
    else if (facts->points == 0)
        snprintf(error, TRACK_FILE_ERROR_BYTES, "%s: there is no track in it", path);
    gpx_file_close(&file);
    return err == 0 && facts->points > 0;
}

struct track_file *track_file_open(const char *path, char error[TRACK_FILE_ERROR_BYTES])
{
    struct track_facts facts;
    if (!learn_facts(path, &facts, error))
        return NULL;
    struct gpx_file *file = open_file(path, error);
    if (file == NULL)
        return NULL;
    struct track_file *track = mem_must(sizeof *track);
    track->file = file;
    track->facts = facts;
    track->timing = track_timing_of(facts.untimed < facts.points);
    return track;
}

void track_file_close(struct track_file **track)
{
    if (*track == NULL)
        return;
    gpx_file_close(&(*track)->file);
    mem_free(*track);
    *track = NULL;
}

struct track_facts track_file_facts(const struct track_file *track)
{
    return track->facts;
}

bool track_file_next(struct track_file *track, struct track_point *point)
{
    struct gpx_point read;
    do {
        if (gpx_file_next(track->file, &read) <= 0)
            return false;
    } while (read.is_route != track->facts.is_route);
    *point = (struct track_point){
        .lat_deg = read.lat_deg,
        .lng_deg = read.lng_deg,
        .due_ms = track_timing_due_ms(&track->timing, &read),
    };
    return true;
}
