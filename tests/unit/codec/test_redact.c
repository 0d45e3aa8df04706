#include "codec/redact.h"

#include <string.h>

#include "tests/lib/guard.h"
#include "tests/lib/test.h"

static void expect(const char *target, const char *expected)
{
    char text[REDACTED_BYTES];
    struct guard guard = guard_copy(target, strlen(target));
    redact_target(span_of(guard.data, guard.len), text);
    guard_fini(&guard);
    assert_string_equal(text, expected);
}

TEST(a_target_without_a_token_is_shown_as_it_is)
{
    expect("/", "/");
    expect("/live?a=1&b&c=", "/live?a=1&b&c=");
    expect("", "");
    expect("http://a/b?c=d", "http://a/b?c=d");
}

TEST(the_value_of_a_token_is_not_shown)
{
    expect("/live?token=abc.def.ghi", "/live?token=[redacted]");
    expect("/?a=1&token=abc&b=2&token=def", "/?a=1&token=[redacted]&b=2&token=[redacted]");
    expect("/?access_token=abc", "/?access_token=[redacted]");
    expect("/?TOKEN=a&%74oken=b", "/?TOKEN=[redacted]&%74oken=[redacted]");
    expect("/?token=a?token=b", "/?token=[redacted]");
    expect("/?token", "/?token");
}

TEST(a_jwt_is_not_shown_wherever_it_stands)
{
    expect("/?jwt=eyJhbG.eyJzdWI-_.sig&a=1", "/?jwt=[redacted]&a=1");
    expect("/?a=1;token=eyJhbG.eyJzdWI.sig", "/?a=1;token=[redacted]");
    expect("/live/eyJhbG.eyJzdWI.sig/x", "/live/[redacted]/x");
    expect("/?eyJhbG%2eeyJzdWI.sig", "/?[redacted]");
    expect("/xeyJhbG.eyJzdWI.sig", "/x[redacted]");
    expect("/eyJ", "/[redacted]");
    expect("/eyj.a.b", "/eyj.a.b");
}

TEST(a_fragment_is_not_shown)
{
    expect("/a#token=b", "/a");
    expect("/a?b=c#token=d", "/a?b=c");
}

TEST(what_is_not_printable_is_not_shown)
{
    expect("/\x1b[31m\xc3\xbc", "/?[31m??");
}

TEST(a_long_target_is_cut)
{
    char target[1000];
    char text[REDACTED_BYTES];
    memset(target, 'x', sizeof target);
    redact_target(span_of(target, sizeof target), text);
    assert_int_equal(strlen(text), REDACTED_BYTES - 1);
    assert_string_equal(text + REDACTED_BYTES - 5, "x...");
}
