#include "auth/cache_control.h"

#include "tests/lib/guard.h"
#include "tests/lib/test.h"

static void expect_age(const char *line, uint64_t seconds)
{
    uint64_t found = 0;
    assert_true(cache_control_max_age(span_of_text(line), &found));
    assert_int_equal(found, seconds);
}

static void expect_none(const char *line)
{
    uint64_t found = 0;
    assert_false(cache_control_max_age(span_of_text(line), &found));
}

TEST(a_max_age_is_found_among_other_directives)
{
    expect_age("Cache-Control: max-age=3600\r\n", 3600);
    expect_age("cache-control:public,max-age=15, stale-while-revalidate=15", 15);
    expect_age("CACHE-CONTROL:   public , MAX-AGE=7 , must-revalidate \r\n", 7);
    expect_age("Cache-Control: max-age=0", 0);
}

TEST(other_lines_and_other_directives_have_none)
{
    expect_none("");
    expect_none("Cache-Control");
    expect_none("Cache-Control:");
    expect_none("Cache-Control: no-cache, no-store\r\n");
    expect_none("Cache-Control: s-maxage=9");
    expect_none("X-Cache-Control: max-age=9");
    expect_none("Age: 9");
    expect_none("Cache-Control: ,,, ,");
}

TEST(a_malformed_max_age_counts_as_none)
{
    expect_none("Cache-Control: max-age=");
    expect_none("Cache-Control: max-age=-1");
    expect_none("Cache-Control: max-age=\"60\"");
    expect_none("Cache-Control: max-age=6x");
    expect_none("Cache-Control: max-age = 60");
}

TEST(a_max_age_beyond_32_bits_is_a_long_time)
{
    expect_age("Cache-Control: max-age=99999999999999999999999999999999", UINT64_C(1) << 31);
}

TEST(nothing_is_read_behind_the_line)
{
    static const char line[] = "Cache-Control: public, max-age=3600";
    for (size_t len = 0; len < sizeof line; len++) {
        struct guard guard = guard_copy(line, len);
        uint64_t seconds;
        cache_control_max_age(span_of(guard.data, guard.len), &seconds);
        guard_fini(&guard);
    }
}
