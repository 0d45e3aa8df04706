#include "course/simplify.h"

#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

#define METRES_PER_E7 0.0111195
#define RADIANS_PER_E7 1.7453292519943295e-9
#define E7_AROUND 3600000000.0
#define LOOKS_PER_POINT 64

/* On the plane, in metres from the first point. */
struct place {
    double x;
    double y;
};

/* A stretch whose ends stay. */
struct stretch {
    size_t first;
    size_t last;
};

struct work {
    struct place *places;    /* owned */
    struct stretch *waiting; /* owned; a stack: at most as many as there are points */
    size_t waiting_count;
    size_t looks_left;
};

/* Differences of longitude are the short way around. */
static double east_e7(const struct simplify_point *from, const struct simplify_point *to)
{
    double difference = (double)to->lng_e7 - from->lng_e7;
    if (difference > E7_AROUND / 2)
        return difference - E7_AROUND;
    return difference < -E7_AROUND / 2 ? difference + E7_AROUND : difference;
}

static void lay_out(const struct simplify_point *points, size_t count, struct place *places)
{
    size_t middle = count / 2;
    double scale = cos((double)points[middle].lat_e7 * RADIANS_PER_E7);
    for (size_t i = 0; i < count; i++) {
        places[i].x = east_e7(&points[0], &points[i]) * METRES_PER_E7 * scale;
        places[i].y = ((double)points[i].lat_e7 - points[0].lat_e7) * METRES_PER_E7;
    }
}

/* From a place to the stretch between two others, its ends too. */
static double distance_m(const struct place *of, const struct place *a, const struct place *b)
{
    double dx = b->x - a->x;
    double dy = b->y - a->y;
    double length2 = dx * dx + dy * dy;
    double along = length2 > 0 ? ((of->x - a->x) * dx + (of->y - a->y) * dy) / length2 : 0;
    along = along < 0 ? 0 : along > 1 ? 1 : along;
    return hypot(of->x - a->x - along * dx, of->y - a->y - along * dy);
}

/* The point of a stretch that is farthest from its chord; `*far_m`: how far. */
static size_t farthest(const struct work *work, struct stretch stretch, double *far_m)
{
    size_t at = stretch.first;
    *far_m = -1;
    for (size_t i = stretch.first + 1; i < stretch.last; i++) {
        double m =
            distance_m(&work->places[i], &work->places[stretch.first], &work->places[stretch.last]);
        if (m > *far_m) {
            *far_m = m;
            at = i;
        }
    }
    return at;
}

static void split(struct work *work, struct stretch stretch, double tolerance_m, bool *keep)
{
    size_t inside = stretch.last - stretch.first - 1;
    double far_m;
    if (inside == 0)
        return;
    if (inside > work->looks_left) {
        memset(keep + stretch.first, true, stretch.last - stretch.first);
        return;
    }
    work->looks_left -= inside;
    size_t at = farthest(work, stretch, &far_m);
    if (far_m <= tolerance_m)
        return;
    keep[at] = true;
    work->waiting[work->waiting_count++] = (struct stretch){at, stretch.last};
    work->waiting[work->waiting_count++] = (struct stretch){stretch.first, at};
}

int simplify(const struct simplify_point *points, size_t count, double tolerance_m, bool *keep)
{
    if (count == 0)
        return 0;
    struct work work = {.looks_left = count * LOOKS_PER_POINT};
    work.places = mem_try(count * sizeof *work.places);
    work.waiting = mem_try((count + 1) * sizeof *work.waiting);
    int err = work.places == NULL || work.waiting == NULL ? ERR_NO_MEMORY : 0;
    if (err == 0) {
        lay_out(points, count, work.places);
        memset(keep, false, count * sizeof *keep);
        keep[0] = keep[count - 1] = true;
        if (count > 1)
            work.waiting[work.waiting_count++] = (struct stretch){0, count - 1};
        while (work.waiting_count > 0)
            split(&work, work.waiting[--work.waiting_count], tolerance_m, keep);
    }
    mem_free(work.places);
    mem_free(work.waiting);
    return err;
}
