#include "tests/lib/same.h"

#include <string.h>

bool same_double(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

bool same_id(const struct runner_id *a, const struct runner_id *b)
{
    return span_equals(span_of(a->text, a->len), span_of(b->text, b->len));
}

bool same_coordinate(struct coordinate a, struct coordinate b)
{
    if (a.is_integer != b.is_integer)
        return false;
    return a.is_integer ? a.integer == b.integer : same_double(a.real, b.real);
}

bool same_position(const struct position *a, const struct position *b)
{
    return same_id(&a->runner, &b->runner) && a->runner_is_number == b->runner_is_number &&
           same_coordinate(a->lat, b->lat) && same_coordinate(a->lng, b->lng) &&
           a->time_is_arrival == b->time_is_arrival && a->time_ms == b->time_ms;
}
