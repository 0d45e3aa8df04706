#include "base/span.h"

#include "tests/lib/test.h"

TEST(spans_are_equal_when_their_bytes_are)
{
    assert_true(span_equals(span_of_text("seven"), span_of("seventy", 5)));
    assert_false(span_equals(span_of_text("seven"), span_of_text("eight")));
}

TEST(spans_of_different_length_differ)
{
    assert_false(span_equals(span_of_text("seven"), span_of_text("seve")));
    assert_false(span_equals(span_of_text("seven"), span_of(NULL, 0)));
}

TEST(empty_spans_are_equal_with_or_without_memory)
{
    assert_true(span_equals(span_of(NULL, 0), span_of_text("")));
    assert_true(span_equals(span_of(NULL, 0), span_of(NULL, 0)));
}

TEST(a_span_of_text_leaves_out_the_terminator)
{
    assert_int_equal(span_of_text("7").len, 1);
    assert_int_equal(span_of_text("").len, 0);
}

TEST(spans_are_ordered_by_their_bytes_and_the_shorter_first)
{
    static const char *const ordered[] = {"", "a", "ab", "abc", "b", "\x7f", "\x80", "\xff"};
    for (size_t i = 0; i < sizeof ordered / sizeof *ordered; i++) {
        for (size_t j = 0; j < sizeof ordered / sizeof *ordered; j++) {
            int order = span_compare(span_of_text(ordered[i]), span_of_text(ordered[j]));
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
    }
    assert_int_equal(span_compare(span_of(NULL, 0), span_of_text("")), 0);
}
