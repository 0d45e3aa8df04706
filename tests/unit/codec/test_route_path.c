#include "codec/route_path.h"

#include "tests/lib/guard.h"
#include "tests/lib/test.h"

/* "": it matches without a segment; NULL: it does not. */
static void expect_match(const char *path, const char *pattern, const char *expected)
{
    struct guard guard = guard_copy(path, strlen(path));
    struct span segment;
    bool matches = route_path_matches(span_of(guard.data, guard.len), pattern, &segment);
    assert_int_equal(matches, expected != NULL);
    if (expected != NULL)
        assert_true(span_equals(segment, span_of_text(expected)));
    guard_fini(&guard);
}

TEST(a_pattern_without_a_variable_is_the_path)
{
    expect_match("/v1/positions", "/v1/positions", "");
    expect_match("/v1/positions/", "/v1/positions", NULL);
    expect_match("/v1/position", "/v1/positions", NULL);
    expect_match("", "/v1/positions", NULL);
}

TEST(a_variable_is_one_segment_that_is_not_empty)
{
    expect_match("/v1/runners/7", "/v1/runners/{id}", "7");
    expect_match("/v1/runners/a%2Fb", "/v1/runners/{id}", "a%2Fb");
    expect_match("/v1/runners/", "/v1/runners/{id}", NULL);
    expect_match("/v1/runners/7/", "/v1/runners/{id}", NULL);
    expect_match("/v1/runners/7/track", "/v1/runners/{id}", NULL);
    expect_match("/v1/runners/7/track", "/v1/runners/{id}/track", "7");
    expect_match("/v1/runners//track", "/v1/runners/{id}/track", NULL);
    expect_match("/v1/runners/track", "/v1/runners/{id}/track", NULL);
    expect_match("/v1/runners/7/8/track", "/v1/runners/{id}/track", NULL);
    expect_match("/v1/runners/track/track", "/v1/runners/{id}/track", "track");
}
