#include "codec/query.h"

#include <string.h>

#include "base/buf.h"
#include "tests/lib/guard.h"
#include "tests/lib/test.h"

static void expect_query(const char *target, const char *query)
{
    struct guard guard = guard_copy(target, strlen(target));
    assert_true(span_equals(query_of_target(span_of(guard.data, guard.len)), span_of_text(query)));
    guard_fini(&guard);
}

TEST(the_query_is_between_the_question_mark_and_the_hash)
{
    expect_query("/a?b=c", "b=c");
    expect_query("/a?b?c", "b?c");
    expect_query("/a?", "");
    expect_query("/a", "");
    expect_query("", "");
    expect_query("/a?b#c", "b");
    expect_query("/a#c?b", "");
    expect_query("?", "");
}

/* "name=value;name=value;", with ! for a value that is not there. */
static void expect_fields(const char *query, const char *expected)
{
    struct guard guard = guard_copy(query, strlen(query));
    struct span rest = span_of(guard.data, guard.len);
    struct buf text = {0};
    for (struct query_field field; query_next(&rest, &field);) {
        assert_int_equal(buf_append(&text, field.name), 0);
        assert_int_equal(buf_append_text(&text, field.value.data == NULL ? "!" : "="), 0);
        assert_int_equal(buf_append(&text, field.value), 0);
        assert_int_equal(buf_append_text(&text, ";"), 0);
    }
    guard_fini(&guard);
    assert_true(span_equals(buf_span(&text), span_of_text(expected)));
    buf_fini(&text);
}

TEST(fields_are_separated_by_ampersands_and_split_at_the_first_equals_sign)
{
    expect_fields("a=1&b=2", "a=1;b=2;");
    expect_fields("a=1=2&b", "a=1=2;b!;");
    expect_fields("a=&=b&&", "a=;=b;!;");
    expect_fields("", "");
    expect_fields("&a", "!;a!;");
}

static void expect_decoded(const char *text, const char *decoded)
{
    uint8_t out[64];
    struct guard guard = guard_copy(text, strlen(text));
    size_t len = percent_decode(span_of(guard.data, guard.len), out);
    assert_true(span_equals(span_of(out, len), span_of_text(decoded)));
    assert_true(percent_decoded_is(span_of(guard.data, guard.len), decoded));
    guard_fini(&guard);
}

TEST(percent_and_two_digits_are_a_byte_and_anything_else_is_itself)
{
    expect_decoded("a%2Eb%2e", "a.b.");
    expect_decoded("%", "%");
    expect_decoded("%4", "%4");
    expect_decoded("%4g%41", "%4gA");
    expect_decoded("%%41", "%A");
    expect_decoded("%2541", "%41");
    expect_decoded("a+b", "a+b");
    expect_decoded("", "");
    expect_decoded("%c3%BC", "\xc3\xbc");
}

TEST(a_name_is_compared_as_it_is_decoded_and_in_either_case)
{
    assert_true(percent_decoded_is(span_of_text("%74OKEN"), "token"));
    assert_false(percent_decoded_is(span_of_text("token2"), "token"));
    assert_false(percent_decoded_is(span_of_text("toke"), "token"));
    assert_false(percent_decoded_is(span_of_text(""), "token"));
    assert_false(percent_decoded_is(span_of_text("token%00"), "token"));
}

static void expect_found(const char *query, const char *name, const char *expected)
{
    struct span value = query_find(span_of_text(query), name);
    assert_int_equal(value.data != NULL, expected != NULL);
    if (expected != NULL)
        assert_true(span_equals(value, span_of_text(expected)));
}

TEST(the_first_field_of_a_name_is_found)
{
    expect_found("a=1&b=2&a=3", "a", "1");
    expect_found("a=1&b=%20", "b", "%20");
    expect_found("b=", "b", "");
    expect_found("b", "b", NULL);
    expect_found("bb=1", "b", NULL);
    expect_found("", "b", NULL);
}
