#include "base/token_refusal.h"

#include <ctype.h>
#include <string.h>

#include "tests/lib/test.h"

TEST(each_refusal_has_a_word_of_its_own_and_a_text)
{
    for (unsigned i = 0; i < TOKEN_REFUSAL_COUNT; i++) {
        const char *name = token_refusal_name((enum token_refusal)i);
        assert_true(strlen(name) > 0 && strlen(token_refusal_text((enum token_refusal)i)) > 0);
        for (const char *at = name; *at != '\0'; at++)
            assert_true(islower((unsigned char)*at) || *at == '_');
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(name, token_refusal_name((enum token_refusal)j));
    }
}

TEST(a_refusal_tells_its_reason_as_the_metric_does)
{
    assert_string_equal(token_refusal_name(TOKEN_bad_signature), "bad_signature");
    assert_string_equal(token_refusal_name(TOKEN_revoked), "revoked");
}
