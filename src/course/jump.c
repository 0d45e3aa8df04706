#include "course/jump.h"

#include <math.h>

#define METRES_PER_DEGREE 111195.0
#define DEGREES_PER_E7 1e-7
#define RADIANS_PER_DEGREE 0.017453292519943295

/* As the flat distance: wrong far off, but then it is too far anyway. */
static double distance_m(const struct jump_place *a, const struct jump_place *b)
{
    double lat = ((double)a->lat_e7 - b->lat_e7) * DEGREES_PER_E7;
    double lng = fabs((double)a->lng_e7 - b->lng_e7) * DEGREES_PER_E7;
    double middle = ((double)a->lat_e7 + b->lat_e7) / 2 * DEGREES_PER_E7;
    if (lng > 180)
        lng = 360 - lng;
    return hypot(lat, lng * cos(middle * RADIANS_PER_DEGREE)) * METRES_PER_DEGREE;
}

bool jump_is_between(const struct jump_place *a, const struct jump_place *b)
{
    double seconds = fabs((double)a->time_ms - (double)b->time_ms) / 1000;
    return distance_m(a, b) > JUMP_SLACK_M + JUMP_SPEED_MPS * seconds;
}
