#include "auth/verified.h"

#include <stdio.h>

#include "tests/lib/test.h"

static struct verified *verified;

static int set_up(__attribute__((unused)) void **state)
{
    verified = verified_new();
    return 0;
}

static int tear_down(__attribute__((unused)) void **state)
{
    verified_free(&verified);
    return 0;
}

TEST_SETUP(set_up);
TEST_TEARDOWN(tear_down);

static void add(const char *token, size_t issuer)
{
    struct verified_id id = verified_id_of(span_of_text(token));
    verified_add(verified, &id, issuer);
}

static bool has(const char *token, size_t issuer)
{
    struct verified_id id = verified_id_of(span_of_text(token));
    return verified_has(verified, &id, issuer);
}

TEST(a_token_is_known_with_its_issuer_by_its_whole_text)
{
    assert_false(has("a.b.c", 0));
    add("a.b.c", 0);
    add("a.b.d", VERIFIED_ISSUERS - 1);
    assert_true(has("a.b.c", 0));
    assert_true(has("a.b.d", VERIFIED_ISSUERS - 1));
    assert_false(has("a.b.c", 1));
    assert_false(has("a.b.d", 0));
    assert_false(has("a.b.", 0));
}

TEST(nothing_is_known_after_it_was_emptied)
{
    add("a.b.c", 0);
    verified_clear(verified);
    assert_false(has("a.b.c", 0));
}

/* Far more than there are places: the last is there, and no more than there are places. */
TEST(many_take_the_places_of_others)
{
    size_t known = 0;
    char token[32];
    for (int i = 0; i < 10 * VERIFIED_PLACES; i++) {
        snprintf(token, sizeof token, "%d", i);
        add(token, 3);
        assert_true(has(token, 3));
    }
    for (int i = 0; i < 10 * VERIFIED_PLACES; i++) {
        snprintf(token, sizeof token, "%d", i);
        known += has(token, 3);
    }
    assert_in_range(known, VERIFIED_PLACES / 2, VERIFIED_PLACES);
}
