#include "proto/position.h"

#include <string.h>

#include "base/err.h"
#include "tests/lib/test.h"

static struct runner_id id_of(const char *text)
{
    struct runner_id id = {0};
    assert_int_equal(runner_id_set(&id, span_of_text(text)), 0);
    return id;
}

static void expect_text(const struct runner_id *id, const char *text)
{
    assert_int_equal(id->len, strlen(text));
    assert_memory_equal(id->text, text, id->len);
}

TEST(an_id_is_taken_as_it_is)
{
    struct runner_id id = id_of("007");
    expect_text(&id, "007");
    id = id_of(" \xc3\xa9 ");
    expect_text(&id, " \xc3\xa9 ");
}

TEST(an_id_has_1_to_64_bytes)
{
    char text[RUNNER_ID_BYTES + 1];
    memset(text, 'x', sizeof text);
    struct runner_id id = {0};
    assert_int_equal(runner_id_set(&id, span_of(text, 0)), ERR_INVALID);
    assert_int_equal(runner_id_set(&id, span_of(text, RUNNER_ID_BYTES + 1)), ERR_INVALID);
    assert_int_equal(id.len, 0);
    assert_int_equal(runner_id_set(&id, span_of(text, RUNNER_ID_BYTES)), 0);
    assert_int_equal(id.len, RUNNER_ID_BYTES);
}

TEST(an_id_is_utf8)
{
    struct runner_id id = {0};
    assert_int_equal(runner_id_set(&id, span_of_text("\xc3")), ERR_INVALID);
    assert_int_equal(runner_id_set(&id, span_of_text("\xed\xa0\x80")), ERR_INVALID);
}

TEST(a_number_and_its_digits_are_one_runner)
{
    struct runner_id from_number = {0};
    runner_id_set_integer(&from_number, -42);
    expect_text(&from_number, "-42");
    runner_id_set_integer(&from_number, INT64_MIN);
    expect_text(&from_number, "-9223372036854775808");
}

TEST(only_the_canonical_form_of_64_bits_is_an_integer)
{
    static const char *const integers[] = {"0", "7", "-7", "9223372036854775807",
                                           "-9223372036854775808"};
    static const char *const others[] = {"07", "-0", "+7", "7.0", "ann", "9223372036854775808",
                                         "7 "};
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
        struct runner_id id = id_of(integers[i]);
        assert_true(runner_id_is_integer(&id));
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct runner_id id = id_of(others[i]);
        assert_false(runner_id_is_integer(&id));
    }
}

static struct position at(double lat, double lng)
{
    return (struct position){.lat.real = lat, .lng.real = lng};
}

TEST(a_coordinate_is_rounded_to_the_nearest_unit)
{
    int32_t lat = 0;
    int32_t lng = 0;
    struct position position = at(48.85684004, -2.29270006);
    assert_true(position_to_e7(&position, &lat, &lng));
    assert_int_equal(lat, 488568400);
    assert_int_equal(lng, -22927001);
}

TEST(an_integer_of_degrees_is_a_coordinate_too)
{
    int32_t lat = 0;
    int32_t lng = 0;
    struct position position = {.lat = {.is_integer = true, .integer = -90},
                                .lng = {.is_integer = true, .integer = 180}};
    assert_true(position_to_e7(&position, &lat, &lng));
    assert_int_equal(lat, -900000000);
    assert_int_equal(lng, 1800000000);
}

TEST(outside_wgs_84_there_are_no_units)
{
    int32_t lat = 1;
    int32_t lng = 2;
    struct position outside[] = {at(90.0000001, 0),
                                 at(0, -180.0000001),
                                 at(1e300, 0),
                                 {.lat = {.is_integer = true, .integer = INT64_MIN}}};
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
        assert_false(position_to_e7(&outside[i], &lat, &lng));
    assert_int_equal(lat, 1);
    assert_int_equal(lng, 2);
}

TEST(units_survive_the_way_there_and_back)
{
    for (int32_t e7 = -900000000; e7 < 900000000 - 12345; e7 += 12345) {
        struct position position = {0};
        int32_t lat = 0;
        int32_t lng = 0;
        position_set_e7(&position, e7, -2 * e7);
        assert_true(position_to_e7(&position, &lat, &lng));
        assert_int_equal(lat, e7);
        assert_int_equal(lng, -2 * e7);
    }
}
