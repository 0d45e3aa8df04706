#include "course/course.h"

#include <geodesic.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"

struct vertex {
    double lat_deg;
    double lng_deg;
    double from_start_m;
    double azimuth_deg; /* at which the geodesic to the next one leaves */
};

struct course {
    struct geod_geodesic earth;
    struct vertex *vertices; /* owned */
    size_t count;
    size_t capacity;
};

struct course *course_new(void)
{
    struct course *course = mem_try(sizeof *course);
    if (course != NULL)
        geod_init(&course->earth, 6378137.0, 1 / 298.257223563);
    return course;
}

void course_free(struct course **course)
{
    if (*course == NULL)
        return;
    mem_free((*course)->vertices);
    mem_free(*course);
    *course = NULL;
}

static int make_room(struct course *course)
{
    if (course->count < course->capacity)
        return 0;
    size_t capacity = course->capacity == 0 ? 64 : course->capacity * 2;
    struct vertex *vertices = mem_try_resize(course->vertices, capacity * sizeof *vertices);
    if (vertices == NULL)
        return ERR_NO_MEMORY;
    course->vertices = vertices;
    course->capacity = capacity;
    return 0;
}

int course_add(struct course *course, double lat_deg, double lng_deg)
{
    int err = make_room(course);
    if (err < 0)
        return err;
    struct vertex added = {.lat_deg = lat_deg, .lng_deg = lng_deg};
    if (course->count > 0) {
        struct vertex *last = &course->vertices[course->count - 1];
        double length_m;
        double azimuth_deg;
        geod_inverse(&course->earth, last->lat_deg, last->lng_deg, lat_deg, lng_deg, &length_m,
                     &azimuth_deg, NULL);
        if (!(length_m > 0))
            return 0;
        last->azimuth_deg = azimuth_deg;
        added.from_start_m = last->from_start_m + length_m;
        added.azimuth_deg = azimuth_deg;
    }
    course->vertices[course->count++] = added;
    return 0;
}

int course_close(struct course *course)
{
    if (!course_is_loop(course))
        return 0;
    return course_add(course, course->vertices[0].lat_deg, course->vertices[0].lng_deg);
}

size_t course_points(const struct course *course)
{
    return course->count;
}

double course_length_m(const struct course *course)
{
    return course->count == 0 ? 0 : course->vertices[course->count - 1].from_start_m;
}

bool course_is_loop(const struct course *course)
{
    if (course_length_m(course) <= 2 * COURSE_LOOP_GAP_M)
        return false;
    const struct vertex *first = &course->vertices[0];
    const struct vertex *last = &course->vertices[course->count - 1];
    double gap_m;
    geod_inverse(&course->earth, last->lat_deg, last->lng_deg, first->lat_deg, first->lng_deg,
                 &gap_m, NULL, NULL);
    return gap_m < COURSE_LOOP_GAP_M;
}

/* The last vertex that begins a leg at or before this distance. */
static const struct vertex *leg_at(const struct course *course, double distance_m)
{
    size_t low = 0;
    size_t high = course->count - 1; /* the last vertex begins no leg */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (course->vertices[middle].from_start_m <= distance_m)
            low = middle;
        else
            high = middle;
    }
    return &course->vertices[low];
}

static double clamp(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

struct course_place course_at(const struct course *course, double distance_m)
{
    CHECK(course->count >= 2);
    double along_m = clamp(distance_m, 0, course_length_m(course));
    const struct vertex *leg = leg_at(course, along_m);
    struct course_place place;
    double heading_deg;
    geod_direct(&course->earth, leg->lat_deg, leg->lng_deg, leg->azimuth_deg,
                along_m - leg->from_start_m, &place.lat_deg, &place.lng_deg, &heading_deg);
    place.heading_deg = heading_deg < 0 ? heading_deg + 360 : heading_deg;
    return place;
}
