#include "course/simplify.h"

#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/test.h"

#define MANY 5000
#define METRES_PER_E7 0.0111195

static struct simplify_point points[MANY];
static bool keep[MANY];

static size_t count_kept(size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        kept += keep[i];
    return kept;
}

TEST(of_a_straight_line_the_ends_stay)
{
    for (int i = 0; i < 100; i++)
        points[i] = (struct simplify_point){480000000 + i * 1000, 20000000 + i * 500};
    assert_int_equal(simplify(points, 100, 1, keep), 0);
    assert_int_equal(count_kept(100), 2);
    assert_true(keep[0] && keep[99]);
}

TEST(a_corner_stays_and_a_wiggle_within_the_tolerance_does_not)
{
    for (int i = 0; i < 101; i++)
        points[i] = (struct simplify_point){480000000 + (i < 50 ? i : 50) * 10000 + i % 2 * 100,
                                            i < 50 ? 0 : (i - 50) * 10000};
    assert_int_equal(simplify(points, 101, 5, keep), 0);
    assert_int_equal(count_kept(101), 3);
    assert_true(keep[50] || keep[51] || keep[49]);
}

TEST(few_points_and_none_stay_as_they_are)
{
    for (size_t count = 0; count < 3; count++) {
        assert_int_equal(simplify(points, count, 1e9, keep), 0);
        assert_int_equal(count_kept(count), count);
    }
}

TEST(a_line_over_the_date_line_is_no_line_around_the_globe)
{
    for (int i = 0; i < 100; i++) {
        int64_t lng = INT64_C(1799990000) + i * 500;
        points[i] =
            (struct simplify_point){0, (int32_t)(lng > 1800000000 ? lng - 3600000000 : lng)};
    }
    assert_int_equal(simplify(points, 100, 1, keep), 0);
    assert_int_equal(count_kept(100), 2);
}

static double distance_m(struct simplify_point of, struct simplify_point a, struct simplify_point b)
{
    double dx = (double)b.lng_e7 - a.lng_e7;
    double dy = (double)b.lat_e7 - a.lat_e7;
    double length2 = dx * dx + dy * dy;
    double x = (double)of.lng_e7 - a.lng_e7;
    double y = (double)of.lat_e7 - a.lat_e7;
    double along = length2 > 0 ? fmax(0, fmin(1, (x * dx + y * dy) / length2)) : 0;
    return hypot(x - along * dx, y - along * dy) * METRES_PER_E7;
}

/* At the equator, where degrees are as long both ways. */
TEST(what_is_left_out_lies_within_the_tolerance_of_what_is_left)
{
    uint32_t random = 7;
    struct simplify_point at = {0, 0};
    for (size_t i = 0; i < MANY; i++) {
        random = random * 1664525 + 1013904223;
        at.lat_e7 += (int32_t)(random >> 16 & 0x3ff) - 500;
        at.lng_e7 += (int32_t)(random >> 6 & 0x3ff) - 300;
        points[i] = at;
    }
    assert_int_equal(simplify(points, MANY, 25, keep), 0);
    assert_in_range(count_kept(MANY), 3, MANY / 2);
    size_t from = 0;
    for (size_t to = 1; to < MANY; to++) {
        if (!keep[to])
            continue;
        for (size_t i = from; i <= to; i++)
            assert_true(distance_m(points[i], points[from], points[to]) <= 25.01);
        from = to;
    }
}

/* Each look leaves one point only: a spiral that goes out. */
TEST(a_line_that_is_made_to_cost_much_is_given_up_on_and_kept)
{
    for (int i = 0; i < MANY; i++)
        points[i] = (struct simplify_point){(i % 2 == 0 ? 1 : -1) * i * 1000, i};
    assert_int_equal(simplify(points, MANY, 0.01, keep), 0);
    assert_true(keep[0] && keep[MANY - 1]);
    assert_true(count_kept(MANY) > MANY - 10);
}

TEST(without_memory_it_is_said)
{
    for (long after = 0; after < 2; after++) {
        mem_fail_after(after);
        assert_int_equal(simplify(points, 10, 1, keep), ERR_NO_MEMORY);
    }
    mem_fail_after(-1);
}
