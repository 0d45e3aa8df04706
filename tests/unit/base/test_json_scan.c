#include "base/json_scan.h"

#include "tests/lib/guard.h"
#include "tests/lib/test.h"

static bool is_deeper(const char *text, size_t depth)
{
    struct guard guard = guard_copy(text, strlen(text));
    bool result = json_is_deeper_than(span_of(guard.data, guard.len), depth);
    guard_fini(&guard);
    return result;
}

TEST(levels_are_counted)
{
    assert_false(is_deeper("", 0));
    assert_false(is_deeper("7", 0));
    assert_true(is_deeper("[]", 0));
    assert_false(is_deeper("[[],[],{}]", 2));
    assert_true(is_deeper("[[],[{}]]", 2));
    assert_false(is_deeper("{\"a\":[{\"b\":1}]}", 3));
    assert_true(is_deeper("{\"a\":[{\"b\":1}]}", 2));
}

TEST(brackets_in_strings_are_text)
{
    assert_false(is_deeper("[\"[[[[\"]", 1));
    assert_true(is_deeper("[\"]\",[\"]\",[]]]", 2));
    assert_false(is_deeper("[\"\\\"[[[\"]", 1));
    assert_true(is_deeper("[\"\\\\\",[[]]]", 2));
}

TEST(text_that_is_cut_short_or_closes_too_much_is_fine)
{
    assert_false(is_deeper("[\"", 1));
    assert_false(is_deeper("[\"\\", 1));
    assert_true(is_deeper("]]]][[", 1));
    assert_false(is_deeper("]]]][", 1));
}

TEST(a_string_is_skipped_to_behind_its_closing_quote)
{
    struct span text = span_of_text("x\"a\\\"b\"y");
    assert_int_equal(json_skip_string(text, 1), 7);
    assert_int_equal(json_skip_string(span_of_text("\"a"), 0), 2);
    assert_int_equal(json_skip_string(span_of_text("\"\\"), 0), 2);
}
