#include "cli/suggest.h"

#include "tests/lib/test.h"

static const char *meant_by(const char *word)
{
    static const char *const words[] = {"serve", "simulate", "replay", "watch"};
    return suggest(word, words, sizeof words / sizeof *words);
}

TEST(a_word_with_a_slip_or_two_is_recognised)
{
    assert_string_equal(meant_by("serv"), "serve");
    assert_string_equal(meant_by("server"), "serve");
    assert_string_equal(meant_by("sreve"), "serve");
    assert_string_equal(meant_by("simulat"), "simulate");
    assert_string_equal(meant_by("wacth"), "watch");
    assert_string_equal(meant_by("replay"), "replay");
}

TEST(a_word_that_is_far_from_all_is_not)
{
    assert_null(meant_by(""));
    assert_null(meant_by("x"));
    assert_null(meant_by("publish"));
    assert_null(meant_by("a word that is longer than any name of a command"));
}
