#include "auth/grants.h"

#include <stdio.h>
#include <string.h>

#include "auth/groups.h"
#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/test.h"

#define PATTERNS_MAX 16

/* Patterns of a test, up to a NULL. */
static int make(const char *const *patterns, struct auth_groups *groups, struct grants **grants)
{
    struct span spans[PATTERNS_MAX];
    size_t count = 0;
    for (; patterns[count] != NULL; count++)
        spans[count] = span_of_text(patterns[count]);
    return grants_new(spans, count, groups, grants);
}

static struct grants *grant(const char *const *patterns)
{
    struct grants *grants = NULL;
    assert_int_equal(make(patterns, NULL, &grants), 0);
    return grants;
}

static bool allow(const struct grants *grants, const char *id)
{
    return grants_allow(grants, span_of_text(id));
}

TEST(nothing_allows_nothing)
{
    static const char *const none[] = {NULL};
    struct grants *grants = grant(none);
    assert_false(allow(grants, "7"));
    assert_false(allow(grants, ""));
    assert_false(allow(NULL, "7"));
    assert_false(grants_allow_all(grants));
    assert_false(grants_allow_all(NULL));
    grants_free(&grants);
    grants_free(&grants);
}

TEST(an_id_allows_itself_only)
{
    static const char *const patterns[] = {"7", "ann", "7", "b", NULL};
    struct grants *grants = grant(patterns);
    assert_true(allow(grants, "7"));
    assert_true(allow(grants, "ann"));
    assert_true(allow(grants, "b"));
    assert_false(allow(grants, "77"));
    assert_false(allow(grants, "an"));
    assert_false(allow(grants, "anna"));
    assert_false(allow(grants, "Ann"));
    assert_false(allow(grants, "07"));
    assert_false(allow(grants, ""));
    assert_false(grants_allow_all(grants));
    grants_free(&grants);
}

TEST(a_prefix_allows_what_begins_with_it)
{
    static const char *const patterns[] = {"pro-*", "pro-elite-*", "z*", NULL};
    struct grants *grants = grant(patterns);
    assert_true(allow(grants, "pro-1"));
    assert_true(allow(grants, "pro-"));
    assert_true(allow(grants, "pro-elite-1"));
    assert_true(allow(grants, "pro-zzz"));
    assert_true(allow(grants, "z"));
    assert_true(allow(grants, "zoe"));
    assert_false(allow(grants, "pro"));
    assert_false(allow(grants, "pr"));
    assert_false(allow(grants, "prp"));
    assert_false(allow(grants, "a"));
    grants_free(&grants);
}

TEST(a_star_alone_allows_everything)
{
    static const char *const patterns[] = {"a*", "*", "7", NULL};
    struct grants *grants = grant(patterns);
    assert_true(grants_allow_all(grants));
    assert_true(allow(grants, "7"));
    assert_true(allow(grants, "b"));
    assert_true(allow(grants, "\xff"));
    assert_false(allow(grants, ""));
    grants_free(&grants);
}

TEST(a_star_elsewhere_is_a_character)
{
    static const char *const patterns[] = {"a*b", "c**", NULL};
    struct grants *grants = grant(patterns);
    assert_true(allow(grants, "a*b"));
    assert_false(allow(grants, "axb"));
    assert_true(allow(grants, "c*x"));
    assert_false(allow(grants, "cx"));
    grants_free(&grants);
}

TEST(bytes_beyond_ascii_and_nuls_are_compared_as_they_are)
{
    struct span patterns[] = {span_of("a\0b", 3), span_of("\xc3\xa9*", 3), span_of("\x01", 1)};
    struct grants *grants = NULL;
    assert_int_equal(grants_new(patterns, 3, NULL, &grants), 0);
    assert_true(grants_allow(grants, span_of("a\0b", 3)));
    assert_false(grants_allow(grants, span_of("a", 1)));
    assert_false(grants_allow(grants, span_of("a\0c", 3)));
    assert_true(grants_allow(grants, span_of("\xc3\xa9t\xc3\xa9", 5)));
    assert_false(grants_allow(grants, span_of("\xc3\xaa", 2)));
    assert_true(grants_allow(grants, span_of("\x01", 1)));
    grants_free(&grants);
}

TEST(empty_and_overlong_patterns_are_refused)
{
    char longest[GRANT_ID_BYTES + 3];
    const char *patterns[] = {"7", longest, NULL};
    struct grants *grants = NULL;
    snprintf(longest, sizeof longest, "%0*d", GRANT_ID_BYTES, 0);
    assert_int_equal(make(patterns, NULL, &grants), 0);
    assert_true(allow(grants, longest));
    grants_free(&grants);
    snprintf(longest, sizeof longest, "%0*d", GRANT_ID_BYTES + 1, 0);
    assert_int_equal(make(patterns, NULL, &grants), ERR_INVALID);
    snprintf(longest, sizeof longest, "%0*d*", GRANT_ID_BYTES, 0);
    assert_int_equal(make(patterns, NULL, &grants), 0);
    grants_free(&grants);
    longest[0] = '\0';
    assert_int_equal(make(patterns, NULL, &grants), ERR_INVALID);
    assert_null(grants);
}

TEST(groups_allow_their_members_and_live_as_long_as_the_grants)
{
    static const char text[] = "{\"elite\":[1,2,\"pro-*\"],\"all\":[\"*\"],\"none\":[]}";
    static const char *const patterns[] = {"group:elite", "group:none", "group:unknown", "9", NULL};
    static const char *const everybody[] = {"group:all", NULL};
    char message[AUTH_GROUPS_MESSAGE_BYTES];
    struct auth_groups *groups = NULL;
    struct grants *grants = NULL;
    struct grants *all = NULL;
    assert_int_equal(auth_groups_parse(span_of_text(text), &groups, message), 0);
    assert_int_equal(make(patterns, groups, &grants), 0);
    assert_int_equal(make(everybody, groups, &all), 0);
    auth_groups_drop(&groups);
    assert_true(allow(grants, "1"));
    assert_true(allow(grants, "pro-7"));
    assert_true(allow(grants, "9"));
    assert_false(allow(grants, "3"));
    assert_false(allow(grants, "elite"));
    assert_false(allow(grants, "group:elite"));
    assert_false(grants_allow_all(grants));
    assert_true(allow(all, "3"));
    assert_true(grants_allow_all(all));
    grants_free(&grants);
    grants_free(&all);
}

static struct auth_groups *groups_of(const char *text)
{
    char message[AUTH_GROUPS_MESSAGE_BYTES];
    struct auth_groups *groups = NULL;
    assert_int_equal(auth_groups_parse(span_of_text(text), &groups, message), 0);
    return groups;
}

TEST(grants_get_what_their_groups_hold_when_these_change)
{
    static const char *const patterns[] = {"group:a", "group:b", "9", "pro-*", NULL};
    static const char *const no_groups[] = {"9", NULL};
    struct auth_groups *before = groups_of("{\"a\":[1,2],\"c\":[4]}");
    struct auth_groups *after = groups_of("{\"a\":[2],\"b\":[3]}");
    struct grants *grants = NULL;
    struct grants *plain = grant(no_groups);
    assert_int_equal(make(patterns, before, &grants), 0);
    auth_groups_drop(&before);
    assert_true(allow(grants, "1") && allow(grants, "2") && !allow(grants, "3"));
    assert_true(grants_rebind(grants, after));
    auth_groups_drop(&after);
    assert_true(!allow(grants, "1") && allow(grants, "2") && allow(grants, "3"));
    assert_true(allow(grants, "9") && allow(grants, "pro-1") && !allow(grants, "4"));
    assert_true(grants_rebind(grants, NULL));
    assert_false(allow(grants, "2"));
    assert_true(allow(grants, "9"));
    assert_false(grants_rebind(plain, NULL));
    assert_false(grants_rebind(NULL, NULL));
    grants_free(&grants);
    grants_free(&plain);
}

TEST(without_groups_a_group_grants_nothing)
{
    static const char *const patterns[] = {"group:elite", "group:*", NULL};
    struct grants *grants = grant(patterns);
    assert_false(allow(grants, "elite"));
    assert_false(allow(grants, "group:elite"));
    assert_false(allow(grants, "group:"));
    grants_free(&grants);
}

/* xorshift64 (Marsaglia, "Xorshift RNGs", 2003) */
static unsigned draw(uint64_t *state, unsigned bound)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (unsigned)(*state % bound);
}

/* Short words of few letters, so that they meet. */
static void draw_word(uint64_t *state, char *word, bool may_be_prefix)
{
    size_t len = 1 + draw(state, 4);
    for (size_t i = 0; i < len; i++)
        word[i] = "ab-"[draw(state, 3)];
    if (may_be_prefix && draw(state, 2) == 0)
        word[len++] = '*';
    word[len] = '\0';
}

static bool matches(const char *pattern, const char *id)
{
    size_t len = strlen(pattern);
    if (pattern[len - 1] == '*')
        return strncmp(pattern, id, len - 1) == 0;
    return strcmp(pattern, id) == 0;
}

TEST(random_grants_agree_with_a_naive_reader)
{
    uint64_t seed = 4711;
    for (int round = 0; round < 3000; round++) {
        char words[8][8];
        const char *patterns[9] = {NULL};
        size_t count = draw(&seed, 9);
        for (size_t i = 0; i < count && i < 8; i++) {
            draw_word(&seed, words[i], true);
            patterns[i] = words[i];
        }
        struct grants *grants = grant(patterns);
        for (int i = 0; i < 20; i++) {
            char id[8];
            bool expected = false;
            draw_word(&seed, id, false);
            for (size_t j = 0; patterns[j] != NULL; j++)
                expected = expected || matches(patterns[j], id);
            assert_int_equal(allow(grants, id), expected);
        }
        grants_free(&grants);
    }
}

TEST(without_memory_no_grants_are_made)
{
    static const char *const patterns[] = {"7", "a*", NULL};
    struct grants *grants = NULL;
    for (long n = 0; n < 2; n++) {
        mem_fail_after(n);
        assert_int_equal(make(patterns, NULL, &grants), ERR_NO_MEMORY);
        assert_null(grants);
    }
    mem_fail_after(-1);
    assert_int_equal(make(patterns, NULL, &grants), 0);
    grants_free(&grants);
}
