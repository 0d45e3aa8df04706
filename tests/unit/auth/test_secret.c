#include "auth/secret.h"

#include "tests/lib/test.h"

static bool trims_to(const char *contents, const char *expected)
{
    return span_equals(secret_trim(span_of_text(contents)), span_of_text(expected));
}

TEST(one_newline_at_the_end_is_cut)
{
    assert_true(trims_to("abc\n", "abc"));
    assert_true(trims_to("abc\r\n", "abc"));
    assert_true(trims_to("abc", "abc"));
    assert_true(trims_to("abc\n\n", "abc\n"));
    assert_true(trims_to("a\nb", "a\nb"));
    assert_true(trims_to(" abc ", " abc "));
    assert_true(trims_to("abc\r", "abc\r"));
    assert_true(trims_to("\n", ""));
    assert_true(trims_to("", ""));
}

TEST(only_the_same_secret_is_equal)
{
    struct span secret = span_of("0123456789abcdef\0x", 18);
    assert_true(secret_equals(secret, span_of("0123456789abcdef\0x", 18)));
    assert_false(secret_equals(secret, span_of("0123456789abcdef\0y", 18)));
    assert_false(secret_equals(secret, span_of("0123456789abcdef", 16)));
    assert_false(secret_equals(secret, span_of("0123456789abcdef\0xx", 19)));
    assert_false(secret_equals(secret, span_of(NULL, 0)));
    assert_true(secret_equals(span_of(NULL, 0), span_of("", 0)));
}
