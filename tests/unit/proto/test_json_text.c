/*
 * Numbers and strings as JSON text. What is written is read back by strtod and by jansson, neither of them ours.
 */
#include "proto/json_text.h"

#include <float.h>
#include <inttypes.h>
#include <jansson.h>
#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/same.h"
#include "tests/lib/test.h"

static const char *real_text(double value)
{
    static char text[JSON_TEXT_NUMBER_BYTES + 1];
    char *end = json_text_real(text, value);
    assert_in_range(end - text, 3, JSON_TEXT_NUMBER_BYTES);
    *end = '\0';
    return text;
}

static void expect_reads_back(double value)
{
    const char *text = real_text(value);
    char *end = NULL;
    if (!same_double(strtod(text, &end), value) || *end != '\0')
        fail_msg("%.17g was written as %s", value, text);
    json_t *read = json_loads(text, JSON_DECODE_ANY, NULL);
    if (!json_is_real(read) || !same_double(json_real_value(read), value))
        fail_msg("jansson does not read %.17g from %s", value, text);
    json_decref(read);
}

/* The digits from the first to the last that is not zero, without the exponent. */
static size_t significant_digits(const char *text)
{
    size_t count = 0;
    size_t up_to_last = 0;
    for (; *text != '\0' && *text != 'e'; text++) {
        if (*text < '0' || *text > '9' || (count == 0 && *text == '0'))
            continue;
        count++;
        if (*text != '0')
            up_to_last = count;
    }
    return up_to_last;
}

static size_t fewest_digits(double value)
{
    for (int digits = 1; digits < 17; digits++) {
        char text[64];
        snprintf(text, sizeof text, "%.*e", digits - 1, value);
        if (strtod(text, NULL) == value)
            return significant_digits(text);
    }
    return 17;
}

static void expect_is_shortest(double value)
{
    const char *text = real_text(value);
    if (significant_digits(text) != fewest_digits(value))
        fail_msg("%.17g was written as %s, %zu digits are enough", value, text,
                 fewest_digits(value));
}

/* xorshift64*: the same numbers in each run. */
static uint64_t random_bits(void)
{
    static uint64_t state = UINT64_C(0x9e3779b97f4a7c15);
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * UINT64_C(2685821657736338717);
}

static double random_degrees(void)
{
    return (double)(random_bits() >> 11) * 0x1p-53 * 360 - 180;
}

TEST(reals_are_written_as_people_write_them)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {48.8568, "48.8568"},
        {2.2927, "2.2927"},
        {-0.1275, "-0.1275"},
        {48.0, "48.0"},
        {0.0, "0.0"},
        {-0.0, "-0.0"},
        {0.1, "0.1"},
        {1e-7, "0.0000001"},
        {-179.9999999, "-179.9999999"},
        {99999999.9999999, "99999999.9999999"},
        {1e-8, "1e-08"},
        {1e8, "100000000.0"},
        {1e22, "1e+22"},
        {5e-324, "5e-324"},
        {0.30000000000000004, "0.30000000000000004"},
        {1.0 / 3, "0.3333333333333333"},
        {0.001234567890123456, "0.001234567890123456"},
        {0.000999999999999999, "0.000999999999999999"},
        {9.999999999999998, "9.999999999999998"},
        {123456789.0625, "123456789.0625"},
        {99999999999999.98, "99999999999999.98"},
        {100000000000000.02, "100000000000000.02"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {-DBL_MIN, "-2.2250738585072014e-308"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(real_text(cases[i].value), cases[i].text);
}

TEST(a_real_at_an_edge_reads_back_as_itself)
{
    static const double edges[] = {
        0.0,  DBL_MIN, DBL_TRUE_MIN, DBL_MAX, DBL_EPSILON, 1e7,  1e8,  1e15, 0x1p53, 0x1p63,
        1e16, 1e17,    123456789.0,  1e-5,    90.00000005, 1e-3, 1e-2, 0.1,  1e14};
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
        for (int sign = -1; sign <= 1; sign += 2) {
            expect_reads_back(sign * edges[i]);
            expect_reads_back(sign * nextafter(edges[i], 0));
            if (edges[i] < DBL_MAX)
                expect_reads_back(sign * nextafter(edges[i], INFINITY));
        }
    }
}

TEST(any_bit_pattern_that_is_finite_reads_back_as_itself)
{
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = random_bits();
        double value = 0;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value))
            expect_reads_back(value);
    }
}

TEST(subnormals_read_back_as_themselves)
{
    for (int i = 0; i < 5000; i++) {
        uint64_t bits = random_bits() >> (12 + random_bits() % 52);
        double value = 0;
        memcpy(&value, &bits, sizeof value);
        expect_reads_back(value);
        expect_is_shortest(value);
    }
}

TEST(coordinates_read_back_as_themselves_in_the_fewest_digits)
{
    for (int i = 0; i < 20000; i++) {
        double value = random_degrees();
        expect_reads_back(value);
        expect_is_shortest(value);
    }
}

/* From far below to far above what is written without printf(). */
TEST(reals_of_any_size_read_back_as_themselves_in_the_fewest_digits)
{
    for (int i = 0; i < 20000; i++) {
        double value = ldexp(random_degrees(), (int)(random_bits() % 100) - 50);
        expect_reads_back(value);
        expect_is_shortest(value);
    }
}

TEST(coordinates_of_few_decimals_get_no_more_than_these)
{
    double scale = 1;
    for (int decimals = 1; decimals <= 12; decimals++) {
        scale *= 10;
        for (int i = 0; i < 1000; i++) {
            char text[32];
            snprintf(text, sizeof text, "%.*f", decimals, round(random_degrees() * scale) / scale);
            double value = strtod(text, NULL);
            expect_reads_back(value);
            expect_is_shortest(value);
        }
    }
}

TEST(a_locale_with_a_decimal_comma_changes_nothing)
{
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "ps_AF"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (setlocale(LC_NUMERIC, names[i]) == NULL)
            continue;
        assert_string_equal(real_text(0.30000000000000004), "0.30000000000000004");
        assert_string_equal(real_text(48.5), "48.5");
        assert_string_equal(real_text(1.5e300), "1.5e+300");
    }
    setlocale(LC_NUMERIC, "C");
}

TEST(integers_of_64_bits_are_exact)
{
    static const int64_t values[] = {0,          1,        -1,          9,         10,       -10,
                                     1234567890, 1L << 53, -(1L << 53), INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char text[JSON_TEXT_NUMBER_BYTES + 1];
        char expected[JSON_TEXT_NUMBER_BYTES + 1];
        *json_text_integer(text, values[i]) = '\0';
        snprintf(expected, sizeof expected, "%" PRId64, values[i]);
        assert_string_equal(text, expected);
    }
}

TEST(text_is_an_integer_only_as_json_writes_it)
{
    static const char *const integers[] = {
        "0", "7", "-7", "10", "9223372036854775807", "123456789012345678901234567890"};
    static const char *const others[] = {"",    "-",   "-0", "00", "07", "-07", "+7",
                                         "7.0", "7e0", " 7", "7 ", "x",  "7x",  "--7"};
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++)
        assert_true(json_text_is_integer(span_of_text(integers[i])));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(json_text_is_integer(span_of_text(others[i])));
}

TEST(an_integer_fits_64_bits_up_to_both_ends)
{
    static const char *const inside[] = {"0", "-1", "999999999999999999", "9223372036854775807",
                                         "-9223372036854775808"};
    static const char *const outside[] = {"9223372036854775808", "-9223372036854775809",
                                          "9999999999999999999", "10000000000000000000"};
    for (size_t i = 0; i < sizeof inside / sizeof *inside; i++)
        assert_true(json_text_fits_int64(span_of_text(inside[i])));
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
        assert_false(json_text_fits_int64(span_of_text(outside[i])));
}

TEST(strings_escape_what_json_must_and_nothing_else)
{
    static const struct {
        const char *text;
        size_t len;
        const char *json;
    } cases[] = {
        {"", 0, "\"\""},
        {"ann", 3, "\"ann\""},
        {"a\"b\\c/", 6, "\"a\\\"b\\\\c/\""},
        {"\n\t\x1f\x7f", 4, "\"\\u000a\\u0009\\u001f\x7f\""},
        {"a\0b", 3, "\"a\\u0000b\""},
        {"\xc3\xa9\xe2\x80\xa8\xf0\x9f\x8f\x83", 9, "\"\xc3\xa9\xe2\x80\xa8\xf0\x9f\x8f\x83\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char json[JSON_TEXT_STRING_BYTES(16) + 1];
        *json_text_string(json, span_of(cases[i].text, cases[i].len)) = '\0';
        assert_string_equal(json, cases[i].json);
    }
}

TEST(each_byte_of_a_string_survives_a_json_reader)
{
    for (unsigned byte = 0; byte < 0x80; byte++) {
        char text = (char)byte;
        char json[JSON_TEXT_STRING_BYTES(1)];
        char *end = json_text_string(json, span_of(&text, 1));
        json_t *read =
            json_loadb(json, (size_t)(end - json), JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        assert_int_equal(json_string_length(read), 1);
        assert_int_equal(*json_string_value(read), text);
        json_decref(read);
    }
}

TEST(a_fixed_number_has_no_zeros_at_its_end)
{
    static const struct {
        int64_t units;
        unsigned decimals;
        const char *json;
    } cases[] = {
        {0, 7, "0"},
        {7, 0, "7"},
        {-70, 1, "-7"},
        {-5, 2, "-0.05"},
        {488568000, 7, "48.8568"},
        {-1800000000, 7, "-180"},
        {1, 9, "0.000000001"},
        {100, 0, "100"},
        {INT64_MAX, 9, "9223372036.854775807"},
        {INT64_MIN, 9, "-9223372036.854775808"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char json[JSON_TEXT_NUMBER_BYTES + 1];
        *json_text_fixed(json, cases[i].units, cases[i].decimals) = '\0';
        assert_string_equal(json, cases[i].json);
    }
}
