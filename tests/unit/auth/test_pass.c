#include "auth/pass.h"

#include <string.h>

#include "base/mem.h"
#include "tests/lib/test.h"

TEST(an_empty_pass_lets_nobody_do_anything)
{
    struct pass *pass = pass_new();
    assert_false(pass_may_publish(pass, span_of_text("7")));
    assert_false(pass_may_follow(pass, span_of_text("7")));
    assert_false(pass_may_publish(pass, span_of_text("")));
    assert_true(pass->issued_s == INT64_MIN && pass->expires_s == PASS_WITHOUT_EXPIRY);
    pass_free(&pass);
    assert_null(pass);
    pass_free(&pass);
}

TEST(a_certificate_publishes_and_follows_the_name_in_it)
{
    struct pass *pass = pass_for_certificate(span_of_text("van-1"));
    assert_true(pass_may_publish(pass, span_of_text("van-1")));
    assert_true(pass_may_follow(pass, span_of_text("van-1")));
    assert_false(pass_may_publish(pass, span_of_text("van-12")));
    assert_false(pass_may_publish(pass, span_of_text("van-")));
    assert_true(pass->issuer == PASS_OF_CERTIFICATE);
    assert_true(pass->expires_s == PASS_WITHOUT_EXPIRY);
    pass_free(&pass);
}

TEST(a_star_in_a_name_is_a_character)
{
    struct pass *pass = pass_for_certificate(span_of_text("*"));
    assert_false(pass_may_publish(pass, span_of_text("7")));
    assert_true(pass_may_publish(pass, span_of_text("*")));
    pass_free(&pass);
}

TEST(a_name_that_is_empty_too_long_or_has_a_nul_gets_no_pass)
{
    char name[PASS_NAME_BYTES + 1];
    memset(name, 'a', sizeof name);
    assert_null(pass_for_certificate(span_of("", 0)));
    assert_null(pass_for_certificate(span_of("ann\0bob", 7)));
    assert_null(pass_for_certificate(span_of(name, PASS_NAME_BYTES + 1)));
    struct pass *pass = pass_for_certificate(span_of(name, PASS_NAME_BYTES));
    assert_non_null(pass);
    pass_free(&pass);
}

TEST(without_memory_there_is_no_pass)
{
    for (long n = 0; n < 2; n++) {
        mem_fail_after(n);
        assert_null(pass_for_certificate(span_of_text("a")));
    }
    mem_fail_after(0);
    assert_null(pass_new());
    mem_fail_after(-1);
}
