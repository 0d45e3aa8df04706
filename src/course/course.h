/*
 * course: the line a race runs along, and how far along it a place is. Pure geometry on the WGS 84 ellipsoid.
 *
 * Lengths are geodesics (Karney, "Algorithms for geodesics", 2013, through PROJ's geodesic.h): a sphere is 0.3 % off,
 * 126 m in a marathon.
 */
#ifndef SPECTATE_COURSE_COURSE_H
#define SPECTATE_COURSE_COURSE_H

#include <stdbool.h>
#include <stddef.h>

struct course;

struct course_place {
    double lat_deg;
    double lng_deg;     /* -180 to 180 */
    double heading_deg; /* of the course there, clockwise from north, 0 up to 360 */
};

/* A course whose ends are nearer than this is a loop. */
#define COURSE_LOOP_GAP_M 50.0

/* Empty, owned by the caller. NULL without memory. */
struct course *course_new(void);
void course_free(struct course **course);

/* Go on to a place; one where the course already is adds nothing. 0 or ERR_NO_MEMORY. */
int course_add(struct course *course, double lat_deg, double lng_deg);

/*
 * Lead a loop's end back to its start, so that laps join. Nothing happens to a course that is no loop. 0 or
 * ERR_NO_MEMORY.
 */
int course_close(struct course *course);

/* Places on it; a course that can be run has at least two. */
size_t course_points(const struct course *course);

double course_length_m(const struct course *course);

/* It has some length and its ends are near each other. */
bool course_is_loop(const struct course *course);

/*
 * The place so far along; before the start it is the start, beyond the end the end. The course has at least two places.
 */
struct course_place course_at(const struct course *course, double distance_m);

#endif
