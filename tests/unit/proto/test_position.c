#include "proto/position.h"

#include <string.h>

#include "base/err.h"
#include "tests/lib/test.h"

static struct runner_id id_of(const char *text)
{
    struct runner_id id = {0};
    assert_int_equal(runner_id_set(&id, span_of_text(text)), 0);
    return id;
}

static void expect_text(const struct runner_id *id, const char *text)
{
    assert_int_equal(id->len, strlen(text));
    assert_memory_equal(id->text, text, id->len);
}

TEST(an_id_is_taken_as_it_is)
{
    struct runner_id id = id_of("007");
    expect_text(&id, "007");
    id = id_of(" \xc3\xa9 ");
    expect_text(&id, " \xc3\xa9 ");
}

TEST(an_id_has_1_to_64_bytes)
{
    char text[RUNNER_ID_BYTES + 1];
    memset(text, 'x', sizeof text);
    struct runner_id id = {0};
    assert_int_equal(runner_id_set(&id, span_of(text, 0)), ERR_INVALID);
    assert_int_equal(runner_id_set(&id, span_of(text, RUNNER_ID_BYTES + 1)), ERR_INVALID);
    assert_int_equal(id.len, 0);
    assert_int_equal(runner_id_set(&id, span_of(text, RUNNER_ID_BYTES)), 0);
    assert_int_equal(id.len, RUNNER_ID_BYTES);
}

TEST(an_id_is_utf8)
{
    struct runner_id id = {0};
    assert_int_equal(runner_id_set(&id, span_of_text("\xc3")), ERR_INVALID);
    assert_int_equal(runner_id_set(&id, span_of_text("\xed\xa0\x80")), ERR_INVALID);
}

TEST(a_number_and_its_digits_are_one_runner)
{
    struct runner_id from_number = {0};
    runner_id_set_integer(&from_number, -42);
    expect_text(&from_number, "-42");
    runner_id_set_integer(&from_number, INT64_MIN);
    expect_text(&from_number, "-9223372036854775808");
}

TEST(only_the_canonical_form_of_64_bits_is_an_integer)
{
    static const char *const integers[] = {"0", "7", "-7", "9223372036854775807",
                                           "-9223372036854775808"};
    static const char *const others[] = {"07", "-0", "+7", "7.0", "ann", "9223372036854775808",
                                         "7 "};
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
        struct runner_id id = id_of(integers[i]);
        assert_true(runner_id_is_integer(&id));
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct runner_id id = id_of(others[i]);
        assert_false(runner_id_is_integer(&id));
    }
}
