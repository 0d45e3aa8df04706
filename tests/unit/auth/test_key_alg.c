#include "auth/key_alg.h"

#include "base/err.h"
#include "tests/lib/test.h"

TEST(each_algorithm_is_found_by_its_name)
{
    for (unsigned i = 0; i < KEY_ALG_COUNT; i++) {
        enum key_alg alg = KEY_ALG_COUNT;
        struct span name = span_of_text(key_alg_name((enum key_alg)i));
        assert_int_equal(key_alg_parse(name, &alg), 0);
        assert_int_equal(alg, i);
    }
}

TEST(other_names_are_not_found)
{
    static const char *const names[] = {"", "none", "hs256", "HS256 ", "HS25", "HS2566", "RS512"};
    enum key_alg alg = KEY_ALG_COUNT;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(key_alg_parse(span_of_text(names[i]), &alg), ERR_NOT_FOUND);
    assert_int_equal(key_alg_parse(span_of("HS256\0", 6), &alg), ERR_NOT_FOUND);
    assert_int_equal(alg, KEY_ALG_COUNT);
}

TEST(an_algorithm_is_by_a_secret_a_modulus_or_a_curve)
{
    for (unsigned i = 0; i < KEY_ALG_COUNT; i++) {
        enum key_alg alg = (enum key_alg)i;
        enum key_type type = key_alg_type(alg);
        assert_int_equal(key_alg_secret_bytes(alg) > 0, type == KEY_TYPE_oct);
        assert_int_equal(key_alg_curve_bits(alg) > 0, type == KEY_TYPE_EC);
        assert_int_equal(key_alg_signature_bytes(alg) == 0, type == KEY_TYPE_RSA);
    }
}
