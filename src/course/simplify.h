/*
 * simplify: a line with fewer points that stays within a tolerance of the one it was made of (Douglas, Peucker, "Algorithms for the
 * reduction of the number of points required to represent a digitized line", 1973).
 *
 * Distances are on the plane that touches the sphere at the line's middle: right to a hundredth over the length of a race.
 */
#ifndef SPECTATE_COURSE_SIMPLIFY_H
#define SPECTATE_COURSE_SIMPLIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 10^-7 of a degree. */
struct simplify_point {
    int32_t lat_e7;
    int32_t lng_e7;
};

/*
 * `keep[i]`: the point stays; the first and the last always do. At the latest after `count` * 64 looks at points it keeps what is
 * left as it is. 0 or ERR_NO_MEMORY: then nothing in `keep` counts.
 */
int simplify(const struct simplify_point *points, size_t count, double tolerance_m, bool *keep);

#endif
