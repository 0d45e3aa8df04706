#include "cli/course_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "cli/gpx_file.h"

/* A file may hold both, the route before the track. */
struct candidates {
    struct course *track; /* owned */
    struct course *route; /* owned */
};

static int gather(struct gpx_file *file, struct candidates *candidates)
{
    struct gpx_point point;
    int more;
    while ((more = gpx_file_next(file, &point)) > 0) {
        struct course *course = point.is_route ? candidates->route : candidates->track;
        if (point.index == 0)
            more = course_add(course, point.lat_deg, point.lng_deg);
        if (more < 0)
            return more;
    }
    return more;
}

static int read_candidates(const char *path, struct candidates *candidates,
                           char error[COURSE_FILE_ERROR_BYTES])
{
    struct gpx_file *file = gpx_file_open(path);
    if (file == NULL) {
        snprintf(error, COURSE_FILE_ERROR_BYTES, "%s: %s", path, strerror(errno));
        return ERR_SYSTEM;
    }
    int err = gather(file, candidates);
    if (err < 0)
        snprintf(error, COURSE_FILE_ERROR_BYTES, "%s",
                 err == ERR_NO_MEMORY ? err_text(err) : gpx_file_error(file));
    gpx_file_close(&file);
    return err;
}

static struct course *choose(struct candidates *candidates)
{
    struct course **chosen =
        course_points(candidates->track) >= 2 ? &candidates->track : &candidates->route;
    if (course_points(*chosen) < 2 || course_close(*chosen) < 0)
        return NULL;
    struct course *course = *chosen;
    *chosen = NULL;
    return course;
}

struct course *course_file_load(const char *path, char error[COURSE_FILE_ERROR_BYTES])
{
    struct candidates candidates = {.track = course_new(), .route = course_new()};
    struct course *course = NULL;
    if (candidates.track == NULL || candidates.route == NULL) {
        snprintf(error, COURSE_FILE_ERROR_BYTES, "%s", err_text(ERR_NO_MEMORY));
    } else if (read_candidates(path, &candidates, error) == 0) {
        course = choose(&candidates);
        if (course == NULL)
            snprintf(error, COURSE_FILE_ERROR_BYTES, "%s: no track or route of two places", path);
    }
    course_free(&candidates.track);
    course_free(&candidates.route);
    return course;
}
