#include "course/decimal.h"

#include <locale.h>

#include "tests/lib/test.h"

static double parsed(const char *text)
{
    double value = -1;
    if (!decimal_parse(text, &value))
        fail_msg("refused: %s", text);
    return value;
}

static void is_exactly(double value, double expected)
{
    assert_memory_equal(&value, &expected, sizeof value);
}

TEST(a_decimal_is_the_nearest_double)
{
    is_exactly(parsed("48.8568"), 48.8568);
    is_exactly(parsed("-0.1"), -0.1);
    is_exactly(parsed("+7"), 7);
    is_exactly(parsed(".5"), 0.5);
    is_exactly(parsed("5."), 5);
    is_exactly(parsed("1.5e2"), 150);
    is_exactly(parsed("-0"), -0.0);
    is_exactly(parsed(" \n12\t"), 12);
}

TEST(all_digits_of_a_long_decimal_count)
{
    is_exactly(parsed("53.5457148961722850799560546875"), 0x1.ac5d9fc58p+5);
    /* Half way between two doubles and a hair above it: only the last digit tells them apart. */
    is_exactly(parsed("1.00000000000000011102230246251565404236316680908203125"), 1.0);
    is_exactly(parsed("1.00000000000000011102230246251565404236316680908203126"),
               1.0000000000000002);
}

TEST(what_strtod_would_take_beyond_decimals_is_refused)
{
    static const char *const wrong[] = {"",     " ",   "-",     ".",   "-.",   "nan",  "inf",
                                        "0x10", "1,5", "1.5.2", "1e",  "1e+",  "12 3", "1e999",
                                        "12N",  "--1", "١",     "1_0", "1.5f", "e5"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        double value = 42;
        if (decimal_parse(wrong[i], &value))
            fail_msg("taken: %s", wrong[i]);
        is_exactly(value, 42);
    }
}

TEST(a_locale_with_a_decimal_comma_changes_nothing)
{
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR"};
    const char *set = NULL;
    for (size_t i = 0; set == NULL && i < sizeof names / sizeof *names; i++)
        set = setlocale(LC_ALL, names[i]);
    if (set == NULL)
        skip();
    is_exactly(parsed("48.8568"), 48.8568);
    setlocale(LC_ALL, "C");
}
