/*
 * Decimals and doubles into each other. What is expected comes from strtod() and printf(), which are exact and not ours.
 */
#include "proto/fixed.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/same.h"
#include "tests/lib/test.h"

/* xorshift64*: the same numbers in each run. */
static uint64_t random_bits(void)
{
    static uint64_t state = UINT64_C(0x9e3779b97f4a7c15);
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * UINT64_C(2685821657736338717);
}

/* As many bits as chance will have, so that small numbers come up too. */
static uint64_t random_units(void)
{
    uint64_t bits = random_bits();
    return bits >> (random_bits() % 64);
}

static void expect_nearest_double(uint64_t units, unsigned decimals)
{
    char text[64];
    double value;
    snprintf(text, sizeof text, "%" PRIu64 "e-%u", units, decimals);
    assert_true(fixed_to_double(units, decimals, &value));
    if (!same_double(value, strtod(text, NULL)))
        fail_msg("%s was read as %.17g", text, value);
}

static void expect_nearest_units(double value, unsigned decimals, const char *digits)
{
    char text[64];
    uint64_t units;
    assert_true(fixed_from_double(value, decimals, &units));
    snprintf(text, sizeof text, "%" PRIu64, units);
    if (strcmp(text, digits) != 0)
        fail_msg("%a with %u decimals: %s units, not %s", value, decimals, text, digits);
}

/* printf()'s digits without the point and the zeros before the first. */
static void expect_units_of_printf(double value, unsigned decimals)
{
    char printed[128];
    char digits[128];
    size_t len = 0;
    snprintf(printed, sizeof printed, "%.*f", (int)decimals, value);
    for (const char *at = printed; *at != '\0'; at++)
        if (*at != '.' && (len > 0 || *at != '0'))
            digits[len++] = *at;
    digits[len] = '\0';
    expect_nearest_units(value, decimals, len == 0 ? "0" : digits);
}

TEST(decimals_become_the_nearest_double)
{
    for (int i = 0; i < 100000; i++)
        expect_nearest_double(random_units(), (unsigned)(random_bits() % 20));
}

TEST(decimals_at_an_edge_become_the_nearest_double)
{
    static const uint64_t edges[] = {0,
                                     1,
                                     UINT64_C(1) << 53,
                                     (UINT64_C(1) << 53) + 1,
                                     UINT64_C(1) << 54,
                                     INT64_MAX,
                                     UINT64_C(1) << 63,
                                     UINT64_C(9999999999999999999),
                                     UINT64_C(10000000000000000000),
                                     UINT64_MAX};
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
        for (unsigned decimals = 0; decimals <= FIXED_MAX_DECIMALS; decimals++) {
            expect_nearest_double(edges[i], decimals);
            expect_nearest_double(edges[i] - (edges[i] > 0), decimals);
            expect_nearest_double(edges[i] + (edges[i] < UINT64_MAX), decimals);
        }
    }
}

/* Odd numbers over 2^53 lie in the middle between two doubles; with decimals behind them, right beside it. */
TEST(a_decimal_between_two_doubles_goes_to_the_even_one_and_one_beside_it_to_the_nearer)
{
    for (int i = 0; i < 20000; i++) {
        uint64_t tie = ((UINT64_C(1) << 53) + (random_bits() >> 12)) | 1;
        for (unsigned decimals = 0; decimals <= 3; decimals++, tie *= 10) {
            expect_nearest_double(tie, decimals);
            expect_nearest_double(tie - 1, decimals);
            expect_nearest_double(tie + 1, decimals);
        }
    }
}

TEST(a_double_becomes_the_nearest_decimal)
{
    for (int i = 0; i < 100000; i++) {
        double value = (double)(random_bits() >> 11) * 0x1p-53 * 360;
        expect_units_of_printf(value, (unsigned)(random_bits() % 17));
        expect_units_of_printf(ldexp(value, -9 - (int)(random_bits() % 50)), 19);
    }
}

TEST(a_double_between_two_decimals_goes_to_the_even_one)
{
    expect_nearest_units(0.5, 0, "0");
    expect_nearest_units(1.5, 0, "2");
    expect_nearest_units(2.5, 0, "2");
    expect_nearest_units(0.125, 2, "12");
    expect_nearest_units(0.375, 2, "38");
    expect_nearest_units(nextafter(0.125, 1), 2, "13");
    expect_nearest_units(nextafter(0.375, 0), 2, "37");
}

TEST(the_last_that_fits_is_told_and_what_does_not_is_not)
{
    uint64_t units;
    expect_nearest_units(nextafter(0x1p52, 0), 0, "4503599627370496");
    expect_nearest_units(nextafter(0x1p52, 0), 3, "4503599627370495500");
    expect_nearest_units(0x1p-75, 19, "0");
    expect_nearest_units(1.0, 19, "10000000000000000000");
    assert_false(fixed_from_double(2.0, 19, &units));
    assert_false(fixed_from_double(0x1p52, 0, &units));
    assert_false(fixed_from_double(nextafter(0x1p-75, 0), 19, &units));
    assert_false(fixed_from_double(0.0, 19, &units));
    assert_false(fixed_from_double(DBL_TRUE_MIN, 19, &units));
    assert_false(fixed_from_double(DBL_MAX, 0, &units));
    assert_false(fixed_from_double((double)INFINITY, 0, &units));
    assert_false(fixed_from_double((double)NAN, 0, &units));
    assert_false(fixed_from_double(-1.0, 0, &units));
}
