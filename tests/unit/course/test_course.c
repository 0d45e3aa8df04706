#include "course/course.h"

#include <math.h>

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/test.h"

#define NEAR_M 0.001
#define NEAR_DEG 1e-9

static struct course *course_of(size_t count, const double places_deg[][2])
{
    struct course *course = course_new();
    for (size_t i = 0; i < count; i++)
        assert_int_equal(course_add(course, places_deg[i][0], places_deg[i][1]), 0);
    return course;
}

static void is_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.12g is not near %.12g", value, expected);
}

/* A degree of the equator and of a meridian from it, as geodesy texts have them for WGS 84. */
TEST(lengths_are_geodesics_on_the_ellipsoid)
{
    struct course *equator = course_of(2, (const double[][2]){{0, 0}, {0, 1}});
    is_near(course_length_m(equator), 111319.491, NEAR_M);
    struct course *meridian = course_of(2, (const double[][2]){{0, 0}, {1, 0}});
    is_near(course_length_m(meridian), 110574.389, NEAR_M);
    struct course *bent = course_of(3, (const double[][2]){{0, 1}, {0, 0}, {1, 0}});
    is_near(course_length_m(bent), 111319.491 + 110574.389, NEAR_M);
    course_free(&equator);
    course_free(&meridian);
    course_free(&bent);
}

TEST(an_empty_course_has_no_length_and_is_no_loop)
{
    struct course *course = course_new();
    assert_int_equal(course_points(course), 0);
    assert_true(course_length_m(course) == 0);
    assert_false(course_is_loop(course));
    assert_int_equal(course_close(course), 0);
    course_free(&course);
    course_free(&course);
}

TEST(a_place_that_is_repeated_adds_nothing)
{
    struct course *course = course_of(4, (const double[][2]){{0, 0}, {0, 0}, {0, 1}, {0, 1}});
    assert_int_equal(course_points(course), 2);
    course_free(&course);
}

TEST(a_place_along_the_course_lies_on_it)
{
    struct course *course = course_of(3, (const double[][2]){{0, 0}, {0, 1}, {1, 1}});
    struct course_place half = course_at(course, 111319.49079327358 / 2);
    is_near(half.lat_deg, 0, NEAR_DEG);
    is_near(half.lng_deg, 0.5, NEAR_DEG);
    is_near(half.heading_deg, 90, NEAR_DEG);
    struct course_place north = course_at(course, 111319.49079327358 + 1000);
    is_near(north.lng_deg, 1, NEAR_DEG);
    is_near(north.heading_deg, 0, NEAR_DEG);
    course_free(&course);
}

TEST(headings_are_never_negative)
{
    struct course *west = course_of(2, (const double[][2]){{0, 0}, {0, -1}});
    is_near(course_at(west, 10).heading_deg, 270, NEAR_DEG);
    course_free(&west);
}

TEST(before_the_start_is_the_start_and_beyond_the_end_the_end)
{
    struct course *course = course_of(2, (const double[][2]){{10, 10}, {11, 12}});
    struct course_place start = course_at(course, -5);
    is_near(start.lat_deg, 10, NEAR_DEG);
    is_near(start.lng_deg, 10, NEAR_DEG);
    struct course_place end = course_at(course, 1e9);
    is_near(end.lat_deg, 11, NEAR_DEG);
    is_near(end.lng_deg, 12, NEAR_DEG);
    course_free(&course);
}

TEST(going_along_by_steps_covers_the_whole_length)
{
    struct course *bends = course_of(
        6, (const double[][2]){{1, 1}, {1.01, 1}, {1.01, 1.02}, {1, 1.03}, {0.99, 1}, {1, 1.01}});
    struct course *walked = course_new();
    for (double at_m = 0; at_m < course_length_m(bends); at_m += 1) {
        struct course_place place = course_at(bends, at_m);
        assert_int_equal(course_add(walked, place.lat_deg, place.lng_deg), 0);
        is_near(course_length_m(walked), at_m, 2.5); /* what the steps cut off at the bends */
    }
    course_free(&bends);
    course_free(&walked);
}

TEST(the_date_line_is_no_border)
{
    struct course *course = course_of(2, (const double[][2]){{0, 179.5}, {0, -179.5}});
    is_near(course_length_m(course), 111319.491, NEAR_M);
    double lng_deg = course_at(course, 111319.49079327358 * 0.75).lng_deg;
    is_near(lng_deg, -179.75, NEAR_DEG);
    course_free(&course);
}

TEST(a_loop_is_closed_at_its_start)
{
    struct course *loop =
        course_of(4, (const double[][2]){{0, 0}, {0, 0.01}, {0.01, 0.01}, {0.0001, 0}});
    assert_true(course_is_loop(loop));
    double open_m = course_length_m(loop);
    assert_int_equal(course_close(loop), 0);
    is_near(course_length_m(loop) - open_m, 11.057, NEAR_M);
    assert_int_equal(course_points(loop), 5);
    course_free(&loop);
}

TEST(a_course_from_here_to_there_is_no_loop)
{
    struct course *course = course_of(2, (const double[][2]){{0, 0}, {0, 0.01}});
    assert_false(course_is_loop(course));
    assert_int_equal(course_close(course), 0);
    assert_int_equal(course_points(course), 2);
    course_free(&course);
}

TEST(no_memory_is_an_error_that_leaves_the_course_as_it_was)
{
    struct course *course = course_new();
    mem_fail_after(0);
    assert_int_equal(course_add(course, 1, 1), ERR_NO_MEMORY);
    assert_int_equal(course_points(course), 0);
    assert_int_equal(course_add(course, 1, 1), 0);
    mem_fail_after(-1);
    course_free(&course);
}
